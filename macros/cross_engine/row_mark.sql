{#- A whole number from 1 to 2^31 made of the values of a row, the same for the same values: equal sums of it mean equal rows. -#}
{% macro row_mark(columns) %}{{ return(adapter.dispatch('row_mark')(columns)) }}{% endmacro %}

{% macro default__row_mark(columns) %}
    {{ return("cast(hash(" ~ columns | join(', ') ~ ") % 2147483648 + 1 as bigint)") }}
{% endmacro %}

{% macro postgres__row_mark(columns) %}
    {{ return("(cast(hashtext(cast(row(" ~ columns | join(', ') ~ ") as text)) as bigint) + 2147483649)") }}
{% endmacro %}

{% macro spark__row_mark(columns) %}
    {{ return("(pmod(xxhash64(" ~ columns | join(', ') ~ "), 2147483648) + 1)") }}
{% endmacro %}

{#- The bits of a hash of 64, of which one is a sign. -#}
{% macro snowflake__row_mark(columns) %}{{ return("(bitand(hash(" ~ columns | join(', ') ~ "), 2147483647) + 1)") }}{% endmacro %}

{% macro bigquery__row_mark(columns) %}{{ return("((" ~ key_mark(columns) ~ " & 2147483647) + 1)") }}{% endmacro %}

{% macro redshift__row_mark(columns) %}{{ return("((" ~ key_mark(columns) ~ " & 2147483647) + 1)") }}{% endmacro %}

{#- A whole number of 64 bits made of the values of a key: keys that share it are hardly ever two. -#}
{% macro key_mark(columns) %}{{ return(adapter.dispatch('key_mark')(columns)) }}{% endmacro %}

{% macro default__key_mark(columns) %}{{ return("hash(" ~ columns | join(', ') ~ ")") }}{% endmacro %}

{% macro postgres__key_mark(columns) %}{{ return("hashtextextended(cast(row(" ~ columns | join(', ') ~ ") as text), 0)") }}{% endmacro %}

{% macro spark__key_mark(columns) %}{{ return("xxhash64(" ~ columns | join(', ') ~ ")") }}{% endmacro %}

{% macro bigquery__key_mark(columns) %}
    {{ return("farm_fingerprint(to_json_string(struct(" ~ columns | join(', ') ~ ")))") }}
{% endmacro %}

{#- One value at a time, each from where the last one left off. -#}
{% macro redshift__key_mark(columns) %}
    {%- set mark = namespace(text='0') -%}
    {%- for column in columns -%}{%- set mark.text = "fnv_hash(" ~ column ~ ", " ~ mark.text ~ ")" -%}{%- endfor -%}
    {{ return(mark.text) }}
{% endmacro %}
