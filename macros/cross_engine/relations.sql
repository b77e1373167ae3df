{#- Where a node of the graph (model, seed or source) is in the warehouse. -#}
{% macro relation_of(node) %}
    {{ return(api.Relation.create(database=node.database, schema=node.schema, identifier=node.identifier or node.alias)) }}
{% endmacro %}

{#- The name of this project, whichever one it is installed into; `project_name` is the name of that one. -#}
{% macro own_project() %}{{ return('voc_warehouse') }}{% endmacro %}

{#- A node of the graph by its name. A vendor may live in the project that this one is installed into: its sources and staging models are there. -#}
{% macro own_model(name) %}
    {{ return(graph.nodes.get('model.' ~ own_project() ~ '.' ~ name) or graph.nodes.get('model.' ~ project_name ~ '.' ~ name)) }}
{% endmacro %}

{% macro own_source(vendor, table) %}
    {%- set name = vendor ~ '.' ~ table -%}
    {{ return(graph.sources.get('source.' ~ own_project() ~ '.' ~ name) or graph.sources['source.' ~ project_name ~ '.' ~ name]) }}
{% endmacro %}

{#- The sources whose tables vendors land: of another project those of the listed vendors alone. -#}
{% macro landed_sources() %}
    {%- set listed, found = [], [] -%}
    {%- for domain in domains() -%}{%- do listed.extend(vendors(domain)) -%}{%- endfor -%}
    {%- for source in graph.sources.values() if source.package_name == own_project() or source.source_name in listed -%}
        {%- do found.append(source) -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}

{#- A landed table as its engine spells it: loaders land CASE_COMMENT, case_comment and CaseComment, and dbt takes none for another. The
    exact name comes before one that differs in case, and that before one that differs in underscores. -#}
{% macro spelled_as_stored(relation) %}
    {#- in a unit test a table is rows, in no schema -#}
    {{ return(adapter.dispatch('spelled_as_stored')(relation) if relation.schema else relation) }}
{% endmacro %}

{#- Where the engine itself knows no case, CaseComment is casecomment. -#}
{% macro default__spelled_as_stored(relation) %}
    {%- set joined = api.Relation.create(database=relation.database, schema=relation.schema, identifier=relation.identifier | replace('_', '')) -%}
    {%- if not execute or var('voc_demo') or is_offline() or load_relation(relation) or not load_relation(joined) -%}{{ return(relation) }}{%- endif -%}
    {{ return(joined) }}
{% endmacro %}

{% macro duckdb__spelled_as_stored(relation) %}
    {%- if not execute or var('voc_demo') -%}{{ return(relation) }}{%- endif -%}
    {%- set found = query_rows(
        "select table_schema, table_name from information_schema.tables where " ~ upper_code('table_schema') ~ " = '" ~ relation.schema | upper
        ~ "' and replace(" ~ upper_code('table_name') ~ ", '_', '') = '" ~ relation.identifier | upper | replace('_', '') ~ "'"
        ~ (" and " ~ upper_code('table_catalog') ~ " = '" ~ relation.database | upper ~ "'" if relation.database)
        ~ " order by case when table_name = '" ~ relation.identifier ~ "' then 0 when " ~ upper_code('table_name') ~ " = '"
        ~ relation.identifier | upper ~ "' then 1 else 2 end, table_schema, table_name"
    ) -%}
    {{ return(api.Relation.create(database=relation.database, schema=found[0][0], identifier=found[0][1]) if found else relation) }}
{% endmacro %}

{% macro postgres__spelled_as_stored(relation) %}{{ return(duckdb__spelled_as_stored(relation)) }}{% endmacro %}

{% macro redshift__spelled_as_stored(relation) %}{{ return(relation) }}{% endmacro %}
