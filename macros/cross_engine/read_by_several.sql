{#- How a staging model is kept that several of the next read: Spark would plan a view, with all views below it, anew for each. -#}
{% macro read_by_several() %}{{ return(adapter.dispatch('read_by_several')()) }}{% endmacro %}

{% macro default__read_by_several() %}{{ return('view') }}{% endmacro %}

{% macro spark__read_by_several() %}{{ return('table') }}{% endmacro %}
