{#- Demo seeds carry their vendor in the file name (seed names are unique in a project)
    and land under the table name a connector gives: <vendor>__<table> is <vendor>.<table>. -#}
{% macro generate_alias_name(custom_alias_name=none, node=none) %}
    {%- if custom_alias_name -%}
        {{ custom_alias_name | trim }}
    {%- elif node.resource_type == 'seed' and 'demo' in node.fqn -%}
        {{ node.name.split('__', 1)[1] }}
    {%- else -%}
        {{ node.name }}
    {%- endif -%}
{% endmacro %}
