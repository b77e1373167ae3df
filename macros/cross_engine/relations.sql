{#- Where a node of the graph (model, seed or source) is in the warehouse; own_model finds the node of a model by its name. -#}
{% macro relation_of(node) %}
    {{ return(api.Relation.create(database=node.database, schema=node.schema, identifier=node.identifier or node.alias)) }}
{% endmacro %}

{% macro own_model(name) %}{{ return(graph.nodes['model.' ~ project_name ~ '.' ~ name]) }}{% endmacro %}

{#- A landed table as its engine spells it: loaders land ACCOUNT and account, and dbt takes neither for the other. Where the engine itself
    knows no case there is nothing to look up. -#}
{% macro spelled_as_stored(relation) %}{{ return(adapter.dispatch('spelled_as_stored')(relation)) }}{% endmacro %}

{% macro default__spelled_as_stored(relation) %}{{ return(relation) }}{% endmacro %}

{% macro duckdb__spelled_as_stored(relation) %}
    {%- if not execute or var('voc_demo') -%}{{ return(relation) }}{%- endif -%}
    {%- set found = query_rows(
        "select table_schema, table_name from information_schema.tables where " ~ upper_code('table_schema') ~ " = '" ~ relation.schema | upper
        ~ "' and " ~ upper_code('table_name') ~ " = '" ~ relation.identifier | upper ~ "'"
        ~ (" and " ~ upper_code('table_catalog') ~ " = '" ~ relation.database | upper ~ "'" if relation.database)
        ~ " order by case when table_name = '" ~ relation.identifier ~ "' then 0 else 1 end, table_schema, table_name"
    ) -%}
    {{ return(api.Relation.create(database=relation.database, schema=found[0][0], identifier=found[0][1]) if found else relation) }}
{% endmacro %}

{% macro postgres__spelled_as_stored(relation) %}{{ return(duckdb__spelled_as_stored(relation)) }}{% endmacro %}

{% macro redshift__spelled_as_stored(relation) %}{{ return(relation) }}{% endmacro %}
