{#- Aggregate: the texts of a group in byte order, joined by a semicolon. -#}
{% macro sorted_list(text) %}{{ return(adapter.dispatch('sorted_list')(text)) }}{% endmacro %}

{% macro default__sorted_list(text) %}
    {{ return("string_agg(" ~ text ~ ", ';' order by " ~ byte_order(text) ~ ")") }}
{% endmacro %}

{% macro spark__sorted_list(text) %}
    {{ return("array_join(array_sort(collect_list(" ~ text ~ ")), ';')") }}
{% endmacro %}

{% macro snowflake__sorted_list(text) %}
    {{ return("listagg(" ~ text ~ ", ';') within group (order by " ~ text ~ ")") }}
{% endmacro %}

{% macro redshift__sorted_list(text) %}{{ return(snowflake__sorted_list(text)) }}{% endmacro %}
