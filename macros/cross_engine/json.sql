{#- Text of one top-level key of a JSON object held as text; null where the text is no JSON
    object or lacks the key. The key is a literal of letters, digits and underscores. -#}
{% macro json_text(text, key) %}{{ return(adapter.dispatch('json_text')(text, key)) }}{% endmacro %}

{% macro default__json_text(text, key) %}
    {{ return("case when json_valid(" ~ text ~ ") then json_extract_string(" ~ text ~ ", '$.\"" ~ key ~ "\"') end") }}
{% endmacro %}

{% macro spark__json_text(text, key) %}
    {{ return("get_json_object(" ~ text ~ ", '$." ~ key ~ "')") }}
{% endmacro %}

{#- PostgreSQL before 16 cannot ask whether text is JSON: the pattern admits flat objects (key to
    text, number, true, false, null), which metadata columns are; nested objects give null. -#}
{% macro postgres__json_text(text, key) %}
    {%- set space = "[ \\t\\r\\n]*" -%}
    {%- set hex = "[0-9a-fA-F]" -%}
    {%- set escape = "\\\\([\"\\\\/bfnrt]|u([0-9a-ce-fA-CE-F]" ~ hex ~ "{3}|[dD][0-7]" ~ hex ~ "{2}|[dD][89abAB]" ~ hex ~ "{2}\\\\u[dD][c-fC-F]" ~ hex ~ "{2}))" -%}
    {%- set string = "\"([^\"\\\\\\u0001-\\u001F]|" ~ escape ~ ")*\"" -%}
    {%- set number = "-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][-+]?[0-9]+)?" -%}
    {%- set pair = space ~ string ~ space ~ ":" ~ space ~ "(" ~ string ~ "|" ~ number ~ "|true|false|null)" ~ space -%}
    {{ return(
        "case when " ~ text ~ " ~ '^" ~ space ~ "[{](" ~ space ~ "|" ~ pair ~ "(," ~ pair ~ ")*)[}]" ~ space ~ "$'"
        ~ " and " ~ text ~ " !~ '\\\\u0000' then cast(" ~ text ~ " as json) ->> '" ~ key ~ "' end"
    ) }}
{% endmacro %}

{% macro snowflake__json_text(text, key) %}{{ return("cast(get(try_parse_json(" ~ text ~ "), '" ~ key ~ "') as varchar)") }}{% endmacro %}

{% macro bigquery__json_text(text, key) %}{{ return("json_value(safe.parse_json(" ~ text ~ "), '$." ~ key ~ "')") }}{% endmacro %}

{% macro redshift__json_text(text, key) %}
    {{ return("case when is_valid_json(" ~ text ~ ") then nullif(json_extract_path_text(" ~ text ~ ", '" ~ key ~ "'), '') end") }}
{% endmacro %}

{#- Text of a value that landed in a JSON type: a JSON text without its quotes. -#}
{% macro json_value(json) %}{{ return(adapter.dispatch('json_value')(json)) }}{% endmacro %}

{% macro default__json_value(json) %}{{ return("json_extract_string(" ~ json ~ ", '$')") }}{% endmacro %}

{% macro postgres__json_value(json) %}{{ return("(" ~ json ~ " #>> '{}')") }}{% endmacro %}

{% macro spark__json_value(json) %}{{ return("get_json_object(" ~ json ~ ", '$')") }}{% endmacro %}

{% macro snowflake__json_value(json) %}{{ return("cast(" ~ json ~ " as varchar)") }}{% endmacro %}

{% macro bigquery__json_value(json) %}
    {{ return("coalesce(json_value(" ~ json ~ "), nullif(to_json_string(" ~ json ~ "), 'null'))") }}
{% endmacro %}

{% macro redshift__json_value(json) %}{{ return("cast(" ~ json ~ " as varchar)") }}{% endmacro %}
