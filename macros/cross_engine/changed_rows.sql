{#- Statements that delete or change rows of a table, for write_at_once or a hook. Spark knows neither in its file formats, so there
    the table is written anew and takes the old one's place. -#}
{% macro delete_rows(relation, condition) %}{{ return(adapter.dispatch('delete_rows')(relation, condition)) }}{% endmacro %}

{% macro default__delete_rows(relation, condition) %}
    {{ return(["delete from " ~ relation ~ " where " ~ condition]) }}
{% endmacro %}

{% macro spark__delete_rows(relation, condition) %}
    {{ return(written_anew(relation, "select * from " ~ relation ~ " where not coalesce(" ~ condition ~ ", false)")) }}
{% endmacro %}

{#- changes: {column, in quotes where it needs them: its new value}. -#}
{% macro update_rows(relation, changes, condition) %}
    {{ return(adapter.dispatch('update_rows')(relation, changes, condition)) }}
{% endmacro %}

{% macro default__update_rows(relation, changes, condition) %}
    {%- set assignments = [] -%}
    {%- for column, value in changes.items() -%}{%- do assignments.append(column ~ " = " ~ value) -%}{%- endfor -%}
    {{ return(["update " ~ relation ~ " set " ~ assignments | join(', ') ~ " where " ~ condition]) }}
{% endmacro %}

{% macro spark__update_rows(relation, changes, condition) %}
    {%- set selected = [] -%}
    {%- for landed_column in adapter.get_columns_in_relation(relation) -%}
        {%- set column = quoted_column(landed_column) -%}
        {%- do selected.append("case when " ~ condition ~ " then " ~ changes[column] ~ " else " ~ column ~ " end" if column in changes else column) -%}
    {%- endfor -%}
    {{ return(written_anew(relation, "select " ~ selected | join(', ') ~ " from " ~ relation)) }}
{% endmacro %}

{#- Spark: a table that holds what a query over it gives. The new rows are complete before the old ones go. -#}
{% macro written_anew(relation, query) %}{{ return(written_beside(relation, relation, query) + marked_as(relation) + put_in_place(relation)) }}{% endmacro %}

{#- A table whose rows changed is still of the run that made it. -#}
{% macro marked_as(relation) %}
    {%- set marks = [] -%}
    {%- for row in query_rows("show tblproperties " ~ relation) if row[0] == 'voc.run' -%}
        {%- do marks.append("alter table " ~ beside(relation) ~ " set tblproperties ('voc.run' = '" ~ row[1] ~ "')") -%}
    {%- endfor -%}
    {{ return(marks) }}
{% endmacro %}

{% macro written_beside(relation, shape, query) %}
    {{ return([
        "drop table if exists " ~ beside(relation),
        "create table " ~ beside(relation) ~ " like " ~ shape,
        "insert into " ~ beside(relation) ~ " " ~ query,
    ]) }}
{% endmacro %}

{% macro put_in_place(relation) %}
    {{ return(["drop table if exists " ~ relation, "alter table " ~ beside(relation) ~ " rename to " ~ relation]) }}
{% endmacro %}

{% macro beside(relation) %}{{ return(relation.incorporate(path={'identifier': relation.identifier ~ '__anew'})) }}{% endmacro %}

{#- Rows of a query under a name of this connection alone, for as long as it works with them. Spark has views only, and reads them anew. -#}
{% macro temporary_rows(name, query) %}{{ return(adapter.dispatch('temporary_rows')(name, query)) }}{% endmacro %}

{% macro default__temporary_rows(name, query) %}{{ return("create temporary table " ~ name ~ " as " ~ query) }}{% endmacro %}

{% macro spark__temporary_rows(name, query) %}{{ return("create or replace temporary view " ~ name ~ " as " ~ query) }}{% endmacro %}

{% macro without_temporary_rows(name) %}{{ return(adapter.dispatch('without_temporary_rows')(name)) }}{% endmacro %}

{% macro default__without_temporary_rows(name) %}{{ return("drop table " ~ name) }}{% endmacro %}

{% macro spark__without_temporary_rows(name) %}{{ return("drop view " ~ name) }}{% endmacro %}
