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
    (texts or dates) whose rows have changed; the columns are those of the model, and of what it selects from. Where all is built,
    months (a query of the days there are, for a day column) cuts the work into months, so that it fits in memory: the select takes the
    first of them, build_other_parts() the others. The condition stands between marks, for what is deleted must be what is selected. -#}
{% macro in_parts(parts, day=none, days=none) %}
    {%- if not execute -%}{{ return('1 = 1') }}{%- endif -%}
    {%- set conditions = [] -%}
    {%- set everything = namespace(changed=not is_incremental() or made_by_another_recipe()) -%}
    {%- for column, query in parts if not everything.changed -%}
        {%- set values = run_query(query).columns[0].values() -%}
        {%- set known = [] -%}
        {%- for value in values if value is not none -%}
            {%- do known.append("'" ~ value | replace("'", "''") ~ "'" if value is string else "date '" ~ value ~ "'") -%}
        {%- endfor -%}
        {%- if known -%}{%- do conditions.append(column ~ ' in (' ~ known | join(', ') ~ ')') -%}{%- endif -%}
        {%- if known | length < values | length -%}{%- do conditions.append(column ~ ' is null') -%}{%- endif -%}
        {%- set everything.changed = values | length > 5000 -%}
    {%- endfor -%}
    {%- set chunks = months_of(day, days) if everything.changed else [conditions | join(' or ') or '1 = 0'] -%}
    {{ return('/* parts ' ~ chunks | join(' ; ') ~ ' */ (' ~ chunks[0] ~ ') /* parts */') }}
{% endmacro %}

{% macro made_by_another_recipe() %}
    {%- if 'recipe' not in adapter.get_columns_in_relation(this) | map(attribute='name') -%}{{ return(true) }}{%- endif -%}
    {{ return(run_query("select 1 from " ~ this ~ " where recipe <> '" ~ recipe() ~ "' limit 1").rows | length > 0) }}
{% endmacro %}

{#- Conditions that cut everything into months; one where nobody names the days, or the engine cuts by itself. -#}
{% macro months_of(day, days) %}
    {%- set starts = run_query("select distinct cast(" ~ dbt.date_trunc('month', day) ~ " as date) as starts from (" ~ days ~ ") as days order by 1").columns[0].values() | reject('none') | list if days and chunks_by_month() else [] -%}
    {%- set chunks = [] -%}
    {%- for start in starts[1:] -%}
        {%- set before = ["coalesce(" ~ day ~ " < date '" ~ start ~ "', true)" if loop.first else day ~ " < date '" ~ start ~ "'"] -%}
        {%- do chunks.append(before[0] if loop.first else day ~ " >= date '" ~ starts[loop.index - 1] ~ "' and " ~ before[0]) -%}
        {%- if loop.last -%}{%- do chunks.append(day ~ " >= date '" ~ start ~ "'") -%}{%- endif -%}
    {%- endfor -%}
    {{ return(chunks or ['1 = 1']) }}
{% endmacro %}

{#- DuckDB groups a hundred million rows fast as long as it holds them in memory; others spill well. -#}
{% macro chunks_by_month() %}{{ return(adapter.dispatch('chunks_by_month')()) }}{% endmacro %}

{% macro default__chunks_by_month() %}{{ return(false) }}{% endmacro %}

{% macro duckdb__chunks_by_month() %}{{ return(true) }}{% endmacro %}

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

{#- Another recipe makes other rows: the model, what it reads in staging, and the settings. Part of every row. -#}
{% macro recipe() %}
    {%- set ingredients = [
        var('reporting_timezone'), var('landed_aliases'), var('signal_window_days'), model.checksum.checksum,
    ] -%}
    {%- for name in model.depends_on.nodes if name in graph.get('nodes', {}) -%}
        {%- do ingredients.append(graph.nodes[name].checksum.checksum) -%}
    {%- endfor -%}
    {{ return(local_md5(tojson(ingredients))[:8]) }}
{% endmacro %}

{% macro get_incremental_parts_sql(arguments) %}
delete from {{ arguments['target_relation'] }} where {{ chunks_in(model.compiled_code) | join(' or ') }};
{{ get_insert_into_sql(arguments['target_relation'], arguments['temp_relation'], arguments['dest_columns']) }}
{% endmacro %}
