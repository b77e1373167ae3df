{#- Schemas are literal names, so that dashboards find `marts` on every target; demo seeds land
    where their vendor's tables would. VOC_SCHEMA_PREFIX gives a developer a sandbox on a
    shared warehouse. -#}
{% macro generate_schema_name(custom_schema_name, node) %}
    {%- if node.resource_type == 'seed' and 'demo' in node.fqn -%}
        {%- set vendor = node.name.split('__')[0] -%}
        {{- env_var('VOC_SCHEMA_PREFIX', '') ~ var(vendor ~ '_schema', vendor) -}}
    {%- else -%}
        {{- env_var('VOC_SCHEMA_PREFIX', '') ~ (custom_schema_name | trim if custom_schema_name else target.schema) -}}
    {%- endif -%}
{% endmacro %}
