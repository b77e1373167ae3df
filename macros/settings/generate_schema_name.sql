{#- Schemas are literal names, so that dashboards find `marts` on every target.
    VOC_SCHEMA_PREFIX gives a developer a sandbox on a shared warehouse. -#}
{% macro generate_schema_name(custom_schema_name, node) %}
    {{- env_var('VOC_SCHEMA_PREFIX', '') ~ (custom_schema_name | trim if custom_schema_name else target.schema) -}}
{% endmacro %}
