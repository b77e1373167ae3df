{#- `dbt compile --no-introspect` compiles for a warehouse that nobody can reach. What asks the warehouse asks here instead: every
    relation is there, every column that a model wants is there as text (landed_column), and no query has an answer. -#}
{% macro is_offline() %}{{ return(execute and flags.INTROSPECT is sameas false) }}{% endmacro %}

{% macro found_relation(relation) %}{{ return(relation if is_offline() else load_relation(spelled_as_stored(relation))) }}{% endmacro %}

{% macro relation_columns(relation) %}
    {%- if not is_offline() -%}{{ return(adapter.get_columns_in_relation(relation)) }}{%- endif -%}
    {%- set columns = [] -%}
    {%- for node in graph.sources.values() | list + graph.nodes.values() | list
        if not columns and node.schema == relation.schema and (node.identifier or node.alias) == relation.identifier -%}
        {%- for column in node.columns.values() -%}
            {%- do columns.append(api.Column(column.name, sql_type(column.data_type or 'string'))) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}

{% macro query_rows(query) %}{{ return([] if is_offline() else run_query(query).rows) }}{% endmacro %}

{#- dbt's own macro of this name, which looks for the table; offline the variable offline_incremental says which half is compiled. -#}
{% macro is_incremental() %}
    {{ return(var('offline_incremental', false) and model.config.materialized == 'incremental' if is_offline() else dbt.is_incremental()) }}
{% endmacro %}
