{#- Aggregate: median; null where nothing is known. -#}
{% macro median_of(expression) -%}
percentile_cont(0.5) within group (order by {{ expression }})
{%- endmacro %}
