-- Grain: one row per vendor and day of use: the mark of what landed for it. Tells int_usage__usage_days_checked which days have changed.
{%- for vendor in vendors('usage') %}
{{ 'union all\n' if not loop.first }}select
    cast('{{ vendor }}' as {{ sql_type('string') }}) as source_vendor,
    usage_date,
    {{ total('landed_mark') }} as landed_mark,
    count(*) as landed_rows
from {{ ref('stg_' ~ vendor ~ '__usage_marks') }}
group by usage_date
{%- else %}
{{ no_rows([{'name': 'source_vendor', 'data_type': 'string'}, {'name': 'usage_date', 'data_type': 'date'}, {'name': 'landed_mark', 'data_type': 'bigint'}, {'name': 'landed_rows', 'data_type': 'bigint'}]) }}
{%- endfor %}
