{#- dbt's own macro of this name, for tables that may not be there and loaders that each have their
    own column: `dbt source freshness` takes the loader's, else the loaded_at_field of the yml.
    Freshness is told as of the end of as_of_date where one is set (and in the demo), else as of now.
    A table that did not land is not watched: a vendor with none at all is refused by the build. -#}
{% macro collect_freshness(source, loaded_at_field, filter) %}
    {%- set moment = day_close(as_of_date_sql()) if given_as_of_date() or var('voc_demo') else current_timestamp() -%}
    {%- set columns = landed_columns(source) -%}
    {%- set landed = {'vendor': source.schema, 'table': source.identifier, 'relation': source, 'exists': columns is not none, 'columns': columns or []} -%}
    {%- set names = loader_columns() + [loaded_at_field] -%}
    {%- if columns is none -%}
        {%- do log(source ~ ' did not land: its freshness is not watched.', info=true) -%}
    {%- elif not landed_column(landed, names) -%}
        {%- do exceptions.raise_compiler_error(
            source ~ " has none of the columns " ~ names | join(', ') ~ ": when it was loaded cannot be told. Land one of them."
        ) -%}
    {%- endif -%}
    {%- call statement('collect_freshness', fetch_result=True, auto_begin=False) %}
        select
            {{ 'max(' ~ field(landed, names, 'timestamp') ~ ')' if columns is not none else moment }} as max_loaded_at,
            {{ moment }} as snapshotted_at
        {% if columns is not none %}from {{ spelled_as_stored(source) }}{% if filter %} where {{ filter }}{% endif %}{% endif %}
    {%- endcall -%}
    {{ return(load_result('collect_freshness')) }}
{% endmacro %}
