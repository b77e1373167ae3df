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

{#- A whole number of 64 bits made of the values of a key: keys that share it are hardly ever two. -#}
{% macro key_mark(columns) %}{{ return(adapter.dispatch('key_mark')(columns)) }}{% endmacro %}

{% macro default__key_mark(columns) %}{{ return("hash(" ~ columns | join(', ') ~ ")") }}{% endmacro %}

{% macro postgres__key_mark(columns) %}{{ return("hashtextextended(cast(row(" ~ columns | join(', ') ~ ") as text), 0)") }}{% endmacro %}

{% macro spark__key_mark(columns) %}{{ return("xxhash64(" ~ columns | join(', ') ~ ")") }}{% endmacro %}
