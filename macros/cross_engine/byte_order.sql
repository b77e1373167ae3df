{#- A text as a key to order by, in the order of its bytes, which is the same everywhere: what a database compares otherwise it compares in
    the order of its language, in which b comes before C and a hyphen hardly counts. The last key of an order is often the text of
    an id, and decides which of two rows is the one that counts. -#}
{% macro byte_order(text) %}{{ return(adapter.dispatch('byte_order')(text)) }}{% endmacro %}

{% macro default__byte_order(text) %}{{ return(text) }}{% endmacro %}

{% macro postgres__byte_order(text) %}{{ return("(" ~ text ~ ") collate \"C\"") }}{% endmacro %}

{% macro redshift__byte_order(text) %}{{ return(text) }}{% endmacro %}

{#- Aggregates: the first and the last text of a group in that order. -#}
{% macro min_text(text) %}{{ return(adapter.dispatch('text_extreme')('min', text)) }}{% endmacro %}

{% macro max_text(text) %}{{ return(adapter.dispatch('text_extreme')('max', text)) }}{% endmacro %}

{% macro default__text_extreme(extreme, text) %}{{ return(extreme ~ "(" ~ text ~ ")") }}{% endmacro %}

{#- In the words of the database again, or the result could be compared with no other text. -#}
{% macro postgres__text_extreme(extreme, text) %}
    {{ return("(" ~ extreme ~ "(" ~ byte_order(text) ~ ") collate \"default\")") }}
{% endmacro %}

{% macro redshift__text_extreme(extreme, text) %}{{ return(default__text_extreme(extreme, text)) }}{% endmacro %}
