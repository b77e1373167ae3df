{#- Aggregate: median; null where nothing is known. -#}
{% macro median_of(expression) %}{{ return(adapter.dispatch('median_of')(expression)) }}{% endmacro %}

{% macro default__median_of(expression) %}{{ return("percentile_cont(0.5) within group (order by " ~ expression ~ ")") }}{% endmacro %}

{#- BigQuery has no such aggregate: the mean of the two in the middle, which of an odd number are one. -#}
{% macro bigquery__median_of(expression) %}
    {%- set sorted = "array_agg(" ~ expression ~ " ignore nulls order by " ~ expression ~ ")" -%}
    {%- set known = "count(" ~ expression ~ ")" -%}
    {{ return("((" ~ sorted ~ "[safe_offset(div(" ~ known ~ " - 1, 2))] + " ~ sorted ~ "[safe_offset(div(" ~ known ~ ", 2))]) / 2)") }}
{% endmacro %}
