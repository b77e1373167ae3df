{#- Which run made a mart is told by the mart itself, in its comment, or its properties on Spark: written in the transaction that makes
    it, and gone when somebody makes it in another way. No log and no clock is asked. -#}

{#- Post-hook of every model. -#}
{% macro mark_run() %}
    {%- if execute and model.access == 'public' -%}{{ return(adapter.dispatch('mark_run')()) }}{%- endif -%}
    {{ return('') }}
{% endmacro %}

{% macro default__mark_run() %}
    {%- set description = model.description if (model.config.persist_docs or {}).get('relation') else '' -%}
    {{ return(alter_relation_comment(this.incorporate(type='view' if model.config.materialized == 'view' else 'table'), description)) }}
{% endmacro %}

{% macro spark__mark_run() %}
    {{ return("alter " ~ ("view" if model.config.materialized == 'view' else "table") ~ " " ~ this ~ " set tblproperties ('voc.run' = '" ~ mark_of_this_run() ~ "')") }}
{% endmacro %}

{% macro bigquery__mark_run() %}
    {{ return("alter table " ~ this ~ " set options (description = '" ~ mark_of_this_run() ~ "')") }}
{% endmacro %}

{#- A run with --empty or --sample makes marts that nobody is to read. -#}
{% macro mark_of_this_run() %}{{ return(run_mark('' if flags.EMPTY or flags.SAMPLE else invocation_id)) }}{% endmacro %}

{% macro run_mark(run_id) %}{{ return('[run ' ~ run_id ~ ']') }}{% endmacro %}

{#- dbt's own macro of this name, which `persist_docs` uses too: descriptions keep the mark behind them. -#}
{% macro alter_relation_comment(relation, relation_comment) %}
    {{ return(adapter.dispatch('alter_relation_comment', 'dbt')(relation, relation_comment ~ mark_of_this_run())) }}
{% endmacro %}

{#- The complete build that made all these marts, by its id: an error where they are of several runs, or of one that was not complete. -#}
{% macro run_of(marts) %}
    {%- set marks, by_run = marks_of(marts), {} -%}
    {%- for mart in marts -%}
        {%- set run_id = marks.get(mart.identifier | lower, '').rpartition('[run ')[2].removesuffix(']') -%}
        {%- do by_run.update({run_id: by_run.get(run_id, []) + [mart.identifier]}) -%}
    {%- endfor -%}
    {%- set most = namespace(run_id='', marts=[]) -%}
    {%- for run_id, made in by_run.items() if made | length > most.marts | length -%}
        {%- set most.run_id, most.marts = run_id, made -%}
    {%- endfor -%}
    {%- set others = marts | map(attribute='identifier') | reject('in', most.marts) | list -%}
    {%- if others -%}
        {%- do exceptions.raise_compiler_error(
            "The marts were not all made by one complete build: " ~ others[:5] | join(', ') ~ (" and " ~ (others | length - 5) ~ " more" if others | length > 5)
            ~ " by another run than the others. A build did not succeed, or built only a part. Build again, the whole project, then publish."
        ) -%}
    {%- elif not most.run_id -%}
        {%- do exceptions.raise_compiler_error(
            "The marts do not say which build made them: it was one of an older version of the project, or none. Build again, then publish."
        ) -%}
    {%- endif -%}
    {%- set run_id = most.run_id -%}
    {%- set ended = query_rows(
        "select run_status, is_whole_project from " ~ relation_of(own_model('run_history')) ~ " where run_id = '" ~ run_id ~ "'"
    ) -%}
    {%- if not ended or ended[0][0] != 'success' or not ended[0][1] -%}
        {%- do exceptions.raise_compiler_error(
            "The run that made the marts (" ~ run_id ~ ") " ~ ("built only a part" if ended and ended[0][0] == 'success' else "did not succeed")
            ~ ". Build again, the whole project, then publish."
        ) -%}
    {%- endif -%}
    {{ return(run_id) }}
{% endmacro %}

{#- {name of a mart: what its comment or property says}. -#}
{% macro marks_of(marts) %}
    {%- set marks = {} -%}
    {%- for row in adapter.dispatch('mark_rows')(marts) -%}{%- do marks.update({row[0] | lower: row[1] or ''}) -%}{%- endfor -%}
    {{ return(marks) }}
{% endmacro %}

{% macro schemas_of(marts) %}{{ return("('" ~ marts | map(attribute='schema') | unique | join("', '") ~ "')") }}{% endmacro %}

{% macro default__mark_rows(marts) %}
    {{ return(query_rows("select table_name, comment from information_schema.tables where " ~ fold_case("table_schema") ~ " in " ~ schemas_of(marts) | lower)) }}
{% endmacro %}

{% macro duckdb__mark_rows(marts) %}
    {{ return(query_rows(
        "select table_name, comment from duckdb_tables() where database_name = current_database() and schema_name in " ~ schemas_of(marts)
        ~ " union all select view_name, comment from duckdb_views() where database_name = current_database() and schema_name in " ~ schemas_of(marts)
    )) }}
{% endmacro %}

{% macro postgres__mark_rows(marts) %}
    {{ return(query_rows(
        "select relname, obj_description(oid, 'pg_class') from pg_class where relkind in ('r', 'v') and relnamespace in (select oid from pg_namespace where nspname in "
        ~ schemas_of(marts) ~ ")"
    )) }}
{% endmacro %}

{% macro bigquery__mark_rows(marts) %}
    {{ return(query_rows("select table_name, option_value from " ~ adapter.quote(marts[0].schema) ~ ".INFORMATION_SCHEMA.TABLE_OPTIONS where option_name = 'description'")) }}
{% endmacro %}

{% macro spark__mark_rows(marts) %}
    {%- set rows = [] -%}
    {%- for mart in marts -%}
        {%- for row in query_rows("show tblproperties " ~ mart) if row[0] == 'voc.run' -%}{%- do rows.append([mart.identifier, row[1]]) -%}{%- endfor -%}
    {%- endfor -%}
    {{ return(rows) }}
{% endmacro %}
