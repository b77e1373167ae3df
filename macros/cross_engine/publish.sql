{#- Copies every public mart, as the last build left it, to where readers look, all of them at
    once: readers see the marts of one build or of the next, never some of each. DuckDB writes
    the file it is given, which the caller then moves into place; PostgreSQL writes schema in one
    transaction. -#}
{% macro publish(file=none, schema='published') %}
    {%- set history = run_history() -%}
    {%- set last_run = run_query("select run_status, started_at from " ~ history ~ " order by started_at desc limit 1") if history -%}
    {%- if last_run and last_run.rows and last_run.rows[0][0] != 'success' -%}
        {%- do exceptions.raise_compiler_error(
            "The last run (" ~ last_run.rows[0][1] ~ ") did not succeed, so the marts may be of different runs. Build again, then publish."
        ) -%}
    {%- endif -%}
    {%- do adapter.dispatch('publish')(public_marts(), file, schema) -%}
{% endmacro %}

{% macro public_marts() %}
    {%- set found = [] -%}
    {%- for mart in graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | selectattr('access', 'equalto', 'public') | sort(attribute='name') -%}
        {%- set relation = load_relation(relation_of(mart)) -%}
        {%- if not relation -%}
            {%- do exceptions.raise_compiler_error("There is no " ~ mart.schema ~ "." ~ mart.alias ~ " to publish: build the whole project first.") -%}
        {%- endif -%}
        {%- do found.append(relation) -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}

{#- A file of its own, because DuckDB lets nobody read a file while a build writes it. -#}
{% macro duckdb__publish(marts, file, schema) %}
    {%- do run_query("attach '" ~ file | replace("'", "''") ~ "' as published (storage_version 'v1.4.0')") -%}
    {%- set statements = [] -%}
    {%- for mart in marts -%}
        {%- do statements.append("create schema if not exists published." ~ mart_schema(mart)) -%}
        {%- do statements.append("create table published." ~ mart_schema(mart) ~ "." ~ mart.identifier ~ " as from " ~ mart) -%}
    {%- endfor -%}
    {%- do write_at_once(statements) -%}
    {%- do run_query("detach published") -%}
{% endmacro %}

{#- Rows are replaced, not tables, as long as the columns stay: readers never wait. -#}
{% macro default__publish(marts, file, schema) %}
    {%- set target_schema = env_var('VOC_SCHEMA_PREFIX', '') ~ schema -%}
    {%- set statements = ["create schema if not exists " ~ target_schema] -%}
    {%- for mart in marts -%}
        {%- set published = api.Relation.create(database=mart.database, schema=target_schema, identifier=mart.identifier) -%}
        {%- set there = load_relation(published) -%}
        {%- set columns = adapter.get_columns_in_relation(mart) -%}
        {%- if there and columns | map(attribute='quoted') | list == adapter.get_columns_in_relation(there) | map(attribute='quoted') | list -%}
            {%- do statements.append("delete from " ~ published) -%}
            {%- do statements.append("insert into " ~ published ~ " select * from " ~ mart) -%}
        {%- else -%}
            {%- if there -%}{%- do statements.append("drop table " ~ published) -%}{%- endif -%}
            {%- do statements.append("create table " ~ published ~ " as select * from " ~ mart) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do write_at_once(statements) -%}
{% endmacro %}

{#- Without transactions all are written first, and then take their places one after the other. -#}
{% macro spark__publish(marts, file, schema) %}
    {%- set target_schema = env_var('VOC_SCHEMA_PREFIX', '') ~ schema -%}
    {%- set first, then = ["create schema if not exists " ~ target_schema], [] -%}
    {%- for mart in marts -%}
        {%- set published = api.Relation.create(schema=target_schema, identifier=mart.identifier) -%}
        {%- do first.extend(written_beside(published, mart, "select * from " ~ mart)) -%}
        {%- do then.extend(put_in_place(published)) -%}
    {%- endfor -%}
    {%- do write_at_once(first + then) -%}
{% endmacro %}

{% macro mart_schema(mart) %}{{ return(mart.schema[env_var('VOC_SCHEMA_PREFIX', '') | length:]) }}{% endmacro %}
