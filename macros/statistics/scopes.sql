{#- Every row once for the company and once in each scope it has a value of, as scope_type and scope_value.
    scopes: {type: column}. -#}
{% macro in_scopes(rows, scopes) -%}
select 'company' as scope_type, 'all' as scope_value, {{ rows }}.* from {{ rows }}
    {%- for type, column in scopes.items() %}
    union all
    select '{{ type }}' as scope_type, {{ column }} as scope_value, {{ rows }}.* from {{ rows }} where {{ column }} is not null
    {%- endfor %}
{%- endmacro %}
