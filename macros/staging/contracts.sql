{#- The columns of int_<domain>__<entity>_unioned in its yml ARE the domain contract. -#}

{#- Every listed vendor's staging model, column by column. A domain without vendors has
    zero typed rows. -#}
{% macro union_vendors(domain, entity) %}
    {%- set columns = model.columns.values() | rejectattr('name', 'equalto', 'source_vendor') | list -%}
    {%- for vendor in vendors(domain) %}
{{ 'union all\n' if not loop.first }}select
    cast('{{ vendor }}' as {{ sql_type('string') }}) as source_vendor,
    {{ columns | map(attribute='name') | join(',\n    ') }}
from {{ ref('stg_' ~ vendor ~ '__' ~ entity) }}
    {% else %}
{{ no_rows(model.columns.values()) }}
    {% endfor %}
{%- endmacro %}

{#- A staging model whose landed table is the contract itself: the generic vendor. -#}
{% macro stage_contract(domain, entity) %}
    {%- set landed = landed('generic', entity, in_demo=domain == 'employee') %}
    {%- if execute %}
select
    {%- set typed = [] %}
    {%- for column in contract_columns(domain, entity) if column.name not in ['source_vendor', 'loaded_at', 'parse_errors'] %}
    {{ field(landed, column.name, column.data_type, required=column.config.meta.get('required', false)) }} as {{ column.name }},
    {%- if column.data_type != 'string' %}{% do typed.append((column.name, column.data_type)) %}{% endif %}
    {%- endfor %}
    {{ loaded_at(landed) }} as loaded_at,
    {{ parse_errors(landed, typed) }} as parse_errors
from {{ landed_from(landed) }}
where
    {{ live_rows(landed) }}
    {%- else %}
select 1 as parsed
    {%- endif %}
{%- endmacro %}

{#- A staging model for an entity that the vendor does not have. -#}
{% macro stage_nothing(domain, entity) %}
    {%- if execute %}
{{ no_rows(contract_columns(domain, entity) | rejectattr('name', 'equalto', 'source_vendor')) }}
    {%- else %}
select 1 as parsed
    {%- endif %}
{%- endmacro %}

{% macro contract_columns(domain, entity) %}
    {{ return(graph.nodes['model.' ~ project_name ~ '.int_' ~ domain ~ '__' ~ entity ~ '_unioned'].columns.values() | list) }}
{% endmacro %}

{% macro no_rows(columns) -%}
select
    {%- for column in columns %}
    cast(null as {{ sql_type(column.data_type) }}) as {{ column.name }}{{ ',' if not loop.last }}
    {%- endfor %}
where 1 = 0
{%- endmacro %}
