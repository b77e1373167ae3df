-- Grain: one row per landed row that was set aside. Does not wait for the threshold, so that it says why a run stopped. A key that is a
-- mail or a number to call stands as its hash; a payload that holds one is withheld: a wrong column may hold anything.
{%- for domain, entity in checked_entities() %}
{{ 'union all\n' if not loop.first }}select
    source_vendor,
    '{{ domain }}' as source_name,
    '{{ entity }}' as entity,
    case when {{ looks_personal('record_id') }} then {{ contact_key('record_id') }} else record_id end as record_id,
    quarantine_reason as reason,
    case when {{ looks_personal('payload') }} then '{"withheld":"looks personal"}' else payload end as payload,
    cast({{ as_of_date_sql() }} as {{ dbt.type_timestamp() }}) as detected_at
from {{ ref('int_' ~ domain ~ '__' ~ entity ~ '_checked') }}
where quarantine_reason is not null
{% endfor %}
