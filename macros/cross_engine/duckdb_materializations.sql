{#- On DuckDB a view or table takes the place of the one before in one transaction and under its own name. dbt makes it under another name
    and renames both, which no reader needs here and takes longer than most models. -#}
{% materialization view, adapter='duckdb' %}
    {{ return(replaced('view', get_create_view_as_sql(this.incorporate(type='view'), sql))) }}
{% endmaterialization %}

{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] %}
    {%- if model.language == 'python' -%}{{ return(dbt_duckdb.materialization_table_duckdb()) }}{%- endif -%}
    {{ return(replaced('table', create_table_as(false, this.incorporate(type='table'), sql))) }}
{% endmaterialization %}

{% macro replaced(kind, statements) %}
    {%- set before, made = load_cached_relation(this), this.incorporate(type=kind) -%}
    {{- run_hooks(pre_hooks, inside_transaction=false) -}}
    {{- run_hooks(pre_hooks, inside_transaction=true) -}}
    {%- call statement('main') -%}
        {%- if before %}drop {{ before.type }} if exists {{ before }};{% endif -%}
        {{ statements }}
    {%- endcall -%}
    {%- do create_indexes(made) if kind == 'table' -%}
    {%- do apply_grants(made, config.get('grants'), should_revoke=should_revoke(before, full_refresh_mode=true)) -%}
    {%- do persist_docs(made, model) -%}
    {{- run_hooks(post_hooks, inside_transaction=true) -}}
    {{- adapter.commit() -}}
    {{- run_hooks(post_hooks, inside_transaction=false) -}}
    {{ return({'relations': [made]}) }}
{% endmacro %}
