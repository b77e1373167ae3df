{#- Post-hook of every model: PostgreSQL plans joins on tables it knows nothing of as if they were
    tiny, so it is told. The other engines look for themselves. -#}
{% macro gather_statistics() %}{{ return(adapter.dispatch('gather_statistics')()) }}{% endmacro %}

{% macro default__gather_statistics() %}{{ return('') }}{% endmacro %}

{% macro postgres__gather_statistics() %}
    {{ return('analyze ' ~ this if model.config.materialized in ['table', 'incremental'] else '') }}
{% endmacro %}
