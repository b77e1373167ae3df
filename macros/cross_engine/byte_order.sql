{#- A text that is compared and ordered by its bytes, which is the same everywhere: else a database does it in the order of its language,
    in which b comes before C and a hyphen hardly counts. The last key of an order is often the text of an id, and decides which of two
    rows is the one that counts. Every landed text is one (to_type); a text of a mart, of a seed or of these files becomes one here. -#}
{% macro byte_order(text) %}{{ return(adapter.dispatch('byte_order')(text)) }}{% endmacro %}

{% macro default__byte_order(text) %}{{ return(text) }}{% endmacro %}

{% macro postgres__byte_order(text) %}{{ return("((" ~ text ~ ") collate \"C\")") }}{% endmacro %}

{% macro redshift__byte_order(text) %}{{ return(text) }}{% endmacro %}
