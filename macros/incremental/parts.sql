{#- Incremental models that stay exact. Such a model is cut into parts by a column (the day of use, the period). Its rows
    keep a mark, a number made of all that a row was made from. A part whose marks do not add up to those of its sources today is built
    anew as a whole, the others stay. So late, corrected and deleted rows are one case, no loader's clock is trusted, and a part that a
    failed run left behind is found by the next one.
        config(materialized=incremental(), incremental_strategy='parts', on_schema_change='sync_all_columns')
        select ... where {{ in_parts([...]) }} -#}

{#- Engines that cannot delete rows build such a model whole. -#}
{% macro incremental() %}{{ return(adapter.dispatch('incremental')()) }}{% endmacro %}

{% macro default__incremental() %}{{ return('incremental') }}{% endmacro %}

{% macro spark__incremental() %}{{ return('table') }}{% endmacro %}

{#- Condition: the row is in a part that has to be built. Each of parts is [column, query]: the query gives the values of the column
    (texts or dates) whose rows have changed; the columns are those of the model, and of what it selects from. Where all is built, the
    work is cut into ranges of days (a column, and how many rows there are of each day), so that it fits in memory: the select takes the
    first, build_other_parts() the others. copies: a query for parts_with_copies(). The condition stands between marks, for what is deleted
    must be what is selected. -#}
{% macro in_parts(parts, day=none, days=none, copies=none) %}
    {%- if not execute -%}{{ return('1 = 1') }}{%- endif -%}
    {%- set values, conditions = {}, [] -%}
    {%- set everything = namespace(changed=not is_incremental() or made_by_another_recipe()) -%}
    {%- for column, query in parts if not everything.changed -%}
        {%- set found = query_rows(query) | map('first') | list -%}
        {%- do values.update({column: values.get(column, []) + found}) -%}
        {%- if is_offline() -%}{%- do conditions.append(column ~ ' in (' ~ query ~ ')') -%}{%- endif -%}
        {%- set everything.changed = found | length > 50000 -%}
    {%- endfor -%}
    {%- if copies and not everything.changed -%}
        {%- set query = parts_with_copies(copies, (conditions + in_lists(values)) | join(' or ') or '1 = 0') -%}
        {%- do values.update({copies.part: values.get(copies.part, []) + query_rows(query) | map('first') | list}) -%}
        {%- if is_offline() -%}{%- do conditions.append(copies.part ~ ' in (' ~ query ~ ')') -%}{%- endif -%}
    {%- endif -%}
    {%- do conditions.extend(in_lists(values)) -%}
    {%- set chunks = ranges_of_days(day, days) if everything.changed else [conditions | join(' or ') or '1 = 0'] -%}
    {{ return('/* parts ' ~ chunks | join(' ; ') ~ ' */ (' ~ chunks[0] ~ ') /* parts */') }}
{% endmacro %}

{#- One list a column: DuckDB compares every row with every value of two lists of one column. values: lists by column. -#}
{% macro in_lists(values) %}
    {%- set conditions = [] -%}
    {%- for column, found in values.items() -%}
        {%- set known = [] -%}
        {%- for value in found | unique(case_sensitive=true) if value is not none -%}{%- do known.append(part_literal(value)) -%}{%- endfor -%}
        {%- if known -%}{%- do conditions.append(column ~ ' in (' ~ known | join(', ') ~ ')') -%}{%- endif -%}
        {%- if none in found -%}{%- do conditions.append(column ~ ' is null') -%}{%- endif -%}
    {%- endfor -%}
    {{ return(conditions) }}
{% endmacro %}

{#- A text that holds what sets conditions apart is said in pieces. -#}
{% macro part_literal(value) %}
    {%- if value is not string -%}{{ return("date '" ~ value ~ "'") }}{%- endif -%}
    {{ return(text_literal(value) | replace('*/', "*' || '/") | replace('/*', "/' || '*") | replace(' ; ', " ;' || ' ")) }}
{% endmacro %}

{#- Condition: a daily run compares this day of use with what landed. What it leaves out the next run without a limit finds. -#}
{% macro looks_back_to(day) %}
    {%- set days = usage_lookback_days() -%}
    {{ return('(' ~ day ~ ' is null or ' ~ day ~ ' >= ' ~ add_days(as_of_date_sql(), -days) ~ ')' if days else '1 = 1') }}
{% endmacro %}

{#- in_parts for a model whose parts are the days of a source, both with a row_mark. -#}
{% macro in_changed_days(day, source, condition='1 = 1') %}
    {%- set days = "select " ~ day ~ " as day, sum(row_mark) as mark, count(*) as n from " ~ source ~ " where " ~ condition ~ " group by " ~ day -%}
    {%- set changed = changed_parts(
        "select day as part, mark from (" ~ days ~ ") as days",
        "select " ~ day ~ " as part, sum(row_mark) as mark from " ~ this ~ " group by " ~ day,
    ) -%}
    {{ return(in_parts([[day, changed]], day, "select day, n from (" ~ days ~ ") as days")) }}
{% endmacro %}

{% macro made_by_another_recipe() %}
    {%- if not is_offline() and 'recipe' not in relation_columns(this) | map(attribute='name') -%}{{ return(true) }}{%- endif -%}
    {{ return(query_rows("select 1 from " ~ this ~ " where recipe <> '" ~ recipe() ~ "' limit 1") | length > 0) }}
{% endmacro %}

{#- Conditions that cut everything into ranges of days with about so many rows as are built at once; days gives the columns day and n. -#}
{% macro ranges_of_days(column, days) %}
    {#- a compilation alone asks for nothing -#}
    {%- set limit = rows_at_once() if is_recorded_run() else none -%}
    {%- set starts, seen = [], namespace(rows=0) -%}
    {%- set counted = query_rows("select day, sum(n) from (" ~ days ~ ") as days where day is not null group by day order by day") if days and limit else [] -%}
    {%- for row in counted -%}
        {%- if seen.rows + row[1] > limit and seen.rows -%}
            {%- do starts.append("date '" ~ row[0] ~ "'") -%}
            {%- set seen.rows = 0 -%}
        {%- endif -%}
        {%- set seen.rows = seen.rows + row[1] -%}
    {%- endfor -%}
    {%- set ranges = [] -%}
    {%- for start in starts -%}
        {%- do ranges.append(
            "coalesce(" ~ column ~ " < " ~ start ~ ", true)" if loop.first else column ~ " >= " ~ starts[loop.index0 - 1] ~ " and " ~ column ~ " < " ~ start
        ) -%}
        {%- if loop.last -%}{%- do ranges.append(column ~ " >= " ~ start) -%}{%- endif -%}
    {%- endfor -%}
    {{ return(ranges or ['1 = 1']) }}
{% endmacro %}

{#- DuckDB is fast with as many groups as it can hold in memory; others spill well. -#}
{% macro rows_at_once() %}{{ return(adapter.dispatch('rows_at_once')()) }}{% endmacro %}

{% macro default__rows_at_once() %}{{ return(none) }}{% endmacro %}

{% macro duckdb__rows_at_once() %}{{ return(15000000) }}{% endmacro %}

{% macro chunks_in(sql) %}{{ return(sql.split('/* parts ')[1].split(' */')[0].split(' ; ') if '/* parts ' in sql else []) }}{% endmacro %}

{#- Post-hook of every model: inserts what in_parts() left. -#}
{% macro build_other_parts() %}
    {%- set chunks = chunks_in(model.compiled_code or '') if execute else [] -%}
    {%- set columns = adapter.get_columns_in_relation(this) | map(attribute='quoted') | join(', ') if chunks | length > 1 -%}
    {%- for chunk in chunks[1:] -%}
        {%- set rows = model.compiled_code | replace(' */ (' ~ chunks[0] ~ ') /* parts */', ' */ (' ~ chunk ~ ') /* parts */') -%}
        {%- do run_query("insert into " ~ this ~ " (" ~ columns ~ ") select " ~ columns ~ " from (" ~ rows ~ ") as part") -%}
    {%- endfor -%}
{% endmacro %}

{#- Parts whose marks differ: sources and built each give the columns part and mark. -#}
{% macro changed_parts(sources, built) %}
    {{ return(
        "select part from (select part, mark from (" ~ sources ~ ") as sources union all select part, -mark from (" ~ built
        ~ ") as built) as sides group by part having sum(mark) <> 0"
    ) }}
{% endmacro %}

{#- Parts of which one holds, or held, a copy of a row of another: what counts in one depends on the other, so both are built. A key can
    only be there twice where a row that is built anew has it, or where a copy was set aside: nobody groups all keys. copies: source and
    this hold the columns key and part, and rows of condition can be copies. changed: what is built anew. -#}
{% macro parts_with_copies(copies, changed) %}
    {%- set mark = key_mark(['source_vendor', copies.key]) -%}
    {%- set of_source = ' from ' ~ copies.source ~ ' where ' ~ copies.condition -%}
    {%- set of_this = ' from ' ~ this ~ ' where ' ~ copies.condition -%}
    {%- set suspects -%}
        select {{ mark }}{{ of_source }} and ({{ changed }}) union all select {{ mark }}{{ of_this }} and quarantine_reason is not null
    {%- endset -%}
    {%- set rows = [] -%}
    {%- for side in [of_source, of_this] -%}
        {%- do rows.append('select ' ~ copies.part ~ ' as part, ' ~ mark ~ ' as mark' ~ side ~ ' and ' ~ mark ~ ' in (' ~ suspects ~ ')') -%}
    {%- endfor -%}
    {{ return(
        "select distinct part from (select part, min(part) over (partition by mark) as first_part, max(part) over (partition by mark) as last_part,"
        ~ " count(part) over (partition by mark) as parts, count(*) over (partition by mark) as copies from (" ~ rows | join(' union all ')
        ~ ") as sides) as keys where first_part <> last_part or parts between 1 and copies - 1"
    ) }}
{% endmacro %}

{#- Another recipe makes other rows: the model, all models above it, and the settings. Part of every row. -#}
{% macro recipe() %}
    {%- set ingredients = [
        var('reporting_timezone'), var('landed_aliases'), var('landed_day_order'), var('signal_window_days'), model.checksum.checksum,
    ] -%}
    {%- for name in models_above(model, []) | sort -%}{%- do ingredients.append(graph.nodes[name].checksum.checksum) -%}{%- endfor -%}
    {{ return(local_md5(tojson(ingredients))[:8]) }}
{% endmacro %}

{% macro models_above(node, found) %}
    {%- for name in node.depends_on.nodes if name in graph.get('nodes', {}) and name not in found and graph.nodes[name].resource_type == 'model' -%}
        {%- do found.append(name) -%}
        {%- do models_above(graph.nodes[name], found) -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}

{% macro get_incremental_parts_sql(arguments) %}
delete from {{ arguments['target_relation'] }} where {{ chunks_in(model.compiled_code) | join(' or ') }};
{{ get_insert_into_sql(arguments['target_relation'], arguments['temp_relation'], arguments['dest_columns']) }}
{% endmacro %}
