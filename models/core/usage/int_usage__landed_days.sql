-- Grain: one row per vendor and day of use: the mark of what landed for it, and its sums. Tells int_usage__usage_days_checked which days
-- have changed, and its tests whether everything is there. A view: who reads the mark alone, or one sum, does not pay for the others.
{%- for vendor in vendors('usage') %}
{{ 'union all\n' if not loop.first }}select
    cast('{{ vendor }}' as {{ sql_type('string') }}) as source_vendor,
    usage_date,
    {{ total('landed_mark') }} as landed_mark,
    {{ total('landed_rows') }} as landed_rows,
    {{ total('landed_events') }} as landed_events,
    {{ total('feature_events') }} as feature_events
from {{ ref('stg_' ~ vendor ~ '__usage_marks') }}
group by usage_date
{%- else %}
{%- set columns = [{'name': 'source_vendor', 'data_type': 'string'}, {'name': 'usage_date', 'data_type': 'date'}] %}
{%- for name in ['landed_mark', 'landed_rows', 'landed_events', 'feature_events'] %}
{%- do columns.append({'name': name, 'data_type': 'bigint'}) %}
{%- endfor %}
{{ no_rows(columns) }}
{%- endfor %}
