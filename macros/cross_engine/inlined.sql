{#- Before the bracket of a CTE that is read twice: engines would write it down, all of it, before anything filters it. Of one that groups
    DuckDB does better to write the few rows down, and lets filters through to what it groups. -#}
{% macro inlined(is_grouped=false) %}{{ return(adapter.dispatch('inlined')(is_grouped)) }}{% endmacro %}

{% macro default__inlined(is_grouped) %}{{ return('') }}{% endmacro %}

{% macro duckdb__inlined(is_grouped) %}{{ return('' if is_grouped else 'not materialized ') }}{% endmacro %}

{% macro postgres__inlined(is_grouped) %}{{ return('not materialized ') }}{% endmacro %}

{% macro redshift__inlined(is_grouped) %}{{ return('') }}{% endmacro %}
