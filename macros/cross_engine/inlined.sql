{#- Before the bracket of a CTE that is read twice: PostgreSQL would write it down, all of it, before anything filters it. -#}
{% macro inlined() %}{{ return(adapter.dispatch('inlined')()) }}{% endmacro %}

{% macro default__inlined() %}{{ return('') }}{% endmacro %}

{% macro postgres__inlined() %}{{ return('not materialized ') }}{% endmacro %}
