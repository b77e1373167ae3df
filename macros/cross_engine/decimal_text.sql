{#- A number with 12 decimals as text. -#}
{% macro decimal_text(number) %}{{ return(adapter.dispatch('decimal_text')(exact(number))) }}{% endmacro %}

{% macro default__decimal_text(decimal) %}{{ return("cast(" ~ decimal ~ " as " ~ dbt.type_string() ~ ")") }}{% endmacro %}

{#- A cast would give 0E-12. -#}
{% macro spark__decimal_text(decimal) %}{{ return("replace(format_number(" ~ decimal ~ ", 12), ',', '')") }}{% endmacro %}
