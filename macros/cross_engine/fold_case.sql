{#- A text in small letters, the same on every engine and in every database: letters beyond ASCII too, a dotted capital I as i,
    and both small sigmas as one. Engines' own lower() leaves letters beyond ASCII as they are (PostgreSQL's locale C), makes two
    letters of a dotted I (Java, ICU), or knows where a Greek word ends. -#}
{% macro fold_case(text) %}{{ return(adapter.dispatch('fold_case')(text)) }}{% endmacro %}

{% macro default__fold_case(text) %}{{ return("replace(lower(" ~ text ~ "), 'ς', 'σ')") }}{% endmacro %}

{% macro spark__fold_case(text) %}{{ return("replace(lower(replace(" ~ text ~ ", 'İ', 'i')), 'ς', 'σ')") }}{% endmacro %}

{% macro snowflake__fold_case(text) %}{{ return(spark__fold_case(text)) }}{% endmacro %}

{% macro bigquery__fold_case(text) %}{{ return(spark__fold_case(text)) }}{% endmacro %}

{% macro redshift__fold_case(text) %}{{ return(spark__fold_case(text)) }}{% endmacro %}

{#- A collation that can fold reads the text, and what comes out is a text like any other. -#}
{% macro postgres__fold_case(text) %}
    {{ return(byte_order("replace(lower(replace(" ~ text ~ ", 'İ', 'i') collate \"" ~ folding_collation() ~ "\"), 'ς', 'σ')")) }}
{% endmacro %}

{#- What a database has depends on its version, on how it was built, on its encoding and on the languages of its machine. -#}
{% macro folding_collation() %}
    {%- set known = ['pg_c_utf8', 'und-x-icu', 'C.utf8', 'C.UTF-8', 'en_US.utf8', 'en_US.UTF-8'] -%}
    {%- if execute and not is_offline() -%}
        {%- set found = run_query(
            "select collname from pg_catalog.pg_collation where collname in ('" ~ known | join("', '") ~ "')"
            ~ " and collencoding in (-1, pg_char_to_encoding(getdatabaseencoding())) and getdatabaseencoding() <> 'SQL_ASCII'"
        ).rows | map('first') | list -%}
        {%- for name in known if name in found -%}{{ return(name) }}{%- endfor -%}
        {%- do exceptions.raise_compiler_error(
            "The database " ~ target.dbname ~ " cannot fold case beyond ASCII, so MÜLLER@example.com and müller@example.com would be two people, and a "
            ~ "request to forget one of them would leave the other. It is encoded in " ~ run_query("select getdatabaseencoding()").rows[0][0]
            ~ " and has none of the collations " ~ known | join(', ') ~ ". Use PostgreSQL 17 or later, or one built with ICU, with a database in UTF8: "
            ~ "create database <name> encoding 'UTF8' template template0."
        ) -%}
    {%- endif -%}
    {{ return(known[0]) }}
{% endmacro %}

{#- A code or a word of ASCII letters, such as a currency, in capitals: upper() asks the database's language, in Turkish for the capital of i. -#}
{% macro upper_code(text) %}
    {{ return("translate(" ~ text ~ ", 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ')") }}
{% endmacro %}
