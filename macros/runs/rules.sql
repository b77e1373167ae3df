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

{#- The rules that rows of this run's models and seeds break, as [{name, rows, is_warning}]; none where dbt ran them as tests. -#}
{% macro broken_rules(results) %}
    {%- set broken = [] -%}
    {%- if flags.WHICH == 'build' and env_var('VOC_RULES_AT_ONCE', '') -%}
        {%- set built = results | selectattr('status', 'equalto', 'success') | map(attribute='node.unique_id') | list -%}
        {%- set by_relation = {} -%}
        {%- for test in graph.nodes.values() if test.test_metadata and test.test_metadata.name in rules() and test.attached_node in built -%}
            {%- do by_relation.setdefault(test.attached_node, []).append(test) -%}
        {%- endfor -%}
        {%- for judged, tests in by_relation.items() -%}
            {%- do broken.extend(rules_broken_in(relation_of(graph.nodes[judged]), tests)) -%}
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
    {%- for test, rows in zip(tests, found[0] if found else []) if rows -%}
        {%- do broken.append({'name': test.name, 'rows': rows, 'is_warning': test.config.severity | upper == 'WARN'}) -%}
    {%- endfor -%}
    {{ return(broken) }}
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
        {%- set parents = test.depends_on.nodes | reject('equalto', test.attached_node) | list or [test.attached_node] -%}
        {%- set parent = load_relation(relation_of(graph.nodes[parents[0]])) -%}
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
