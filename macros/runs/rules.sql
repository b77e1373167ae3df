{#- Rules that say of one row, or of one key, whether it may be: dbt needs longer to start such a test than a warehouse to judge all rows
    of a model. So `make build` leaves them out of dbt's tests and has each model judged by all of its rules in one statement, at the
    end of the run. Plain dbt runs each as a test of its own. -#}

{#- Name of the test -> the macro that says how many rows or keys break it. -#}
{% macro rules() %}
    {{ return({
        'not_null': rows_of_breach, 'in_range': rows_of_breach, 'accepted_values': rows_of_breach,
        'unique': keys_that_are_lost, 'unique_grain': keys_that_are_lost, 'relationships': keys_that_are_lost,
    }) }}
{% endmacro %}

{#- The rules that rows of this run's models and seeds, and of sources, break, as [{name, rows, is_warning}]; none where dbt ran them as tests. -#}
{% macro broken_rules(results) %}
    {%- set broken = [] -%}
    {%- if flags.WHICH == 'build' and env_var('VOC_RULES_AT_ONCE', '') -%}
        {%- set built = results | selectattr('status', 'equalto', 'success') | map(attribute='node.unique_id') | list -%}
        {%- set by_relation = {} -%}
        {%- for test in graph.nodes.values() if test.test_metadata and test.test_metadata.name in rules() -%}
            {%- set judged = test.attached_node or test.depends_on.nodes | last -%}
            {%- if judged in built or judged in graph.sources -%}
                {%- do by_relation.setdefault(judged, []).append(test) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- for judged, tests in by_relation.items() -%}
            {%- do broken.extend(rules_broken_in(relation_of(graph.nodes.get(judged) or graph.sources[judged]), tests)) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(broken) }}
{% endmacro %}

{% macro rules_broken_in(relation, tests) %}
    {%- set counts, broken = [], [] -%}
    {%- for test in tests -%}
        {%- do counts.append(rules()[test.test_metadata.name](relation, test)) -%}
    {%- endfor -%}
    {%- set found = query_rows("select " ~ counts | join(', ') ~ " from " ~ relation) -%}
    {%- for test, rows in zip(tests, found[0] if found else []) -%}
        {%- set is_error = test.config.severity | upper == 'ERROR' and is_beyond(rows, test.config.error_if) -%}
        {%- if is_error or is_beyond(rows, test.config.warn_if) -%}
            {%- do broken.append({'name': test.name, 'rows': rows, 'is_warning': not is_error}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(broken) }}
{% endmacro %}

{#- Whether so many rows are what a test's error_if or warn_if speaks of, which is SQL. -#}
{% macro is_beyond(rows, condition) %}
    {{ return(rows != 0 if condition == '!= 0' else query_rows("select case when " ~ rows ~ " " ~ condition ~ " then 1 else 0 end")[0][0] == 1) }}
{% endmacro %}

{#- An aggregate over the rows of the relation. Null breaks `not_null` alone. -#}
{% macro rows_of_breach(relation, test) %}
    {%- set given, breaches = test.test_metadata.kwargs, [] -%}
    {%- set column = given.column_name -%}
    {%- if test.test_metadata.name == 'not_null' -%}
        {%- do breaches.append(column ~ " is null") -%}
    {%- elif test.test_metadata.name == 'in_range' -%}
        {%- for sign, limit in (('<', given.low), ('>', given.high)) if limit is defined and limit is not none -%}
            {%- do breaches.append(column ~ " " ~ sign ~ " " ~ render(limit | string)) -%}
        {%- endfor -%}
    {%- else -%}
        {%- set values = given['values'] if given.quote is false else given['values'] | map('string') | map('replace', "'", "''") -%}
        {%- set mark = "" if given.quote is false else "'" -%}
        {%- do breaches.append(column ~ " not in (" ~ mark ~ values | join(mark ~ ", " ~ mark) ~ mark ~ ")") -%}
    {%- endif -%}
    {%- set judged = " and (" ~ test.config.where ~ ")" if test.config.where else "" -%}
    {{ return("coalesce(sum(case when (" ~ breaches | join(" or ") ~ ")" ~ judged ~ " then 1 else 0 end), 0)") }}
{% endmacro %}

{#- A select of its own: keys that stand more than once, or that lead nowhere. -#}
{% macro keys_that_are_lost(relation, test) %}
    {%- set given = test.test_metadata.kwargs -%}
    {%- set column, rows = given.column_name, relation -%}
    {%- if test.config.where -%}
        {%- set rows = "(select * from " ~ relation ~ " where " ~ test.config.where ~ ")" -%}
    {%- endif -%}
    {%- if test.test_metadata.name == 'relationships' -%}
        {#- dbt lists the parent first; a model that leads to itself is listed once -#}
        {%- set parent_node = test.depends_on.nodes[0] -%}
        {%- set parent = load_relation(relation_of(graph.nodes.get(parent_node) or graph.sources[parent_node])) -%}
        {#- of a part of the project a key may lead to what was never built -#}
        {%- if not parent -%}{{ return("0") }}{%- endif -%}
        {%- set lost = "select 1 as one from " ~ rows ~ " as child left join " ~ parent ~ " as parent on child." ~ column ~ " = parent." ~ given.field
            ~ " where child." ~ column ~ " is not null and parent." ~ given.field ~ " is null" -%}
    {%- else -%}
        {%- set known = " where " ~ column ~ " is not null" if column else "" -%}
        {%- set lost = "select 1 as one from " ~ rows ~ " as judged" ~ known ~ " group by " ~ (given.get('columns') or [column]) | join(', ')
            ~ " having count(*) > 1" -%}
    {%- endif -%}
    {{ return("(select count(*) from (" ~ lost ~ ") as lost)") }}
{% endmacro %}
