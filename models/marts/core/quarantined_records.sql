-- Grain: one row per landed row that was set aside. Does not wait for the threshold, so that it says why a run stopped.
{%- for domain, entity in checked_entities() %}
{{ 'union all\n' if not loop.first }}select
    source_vendor,
    '{{ domain }}' as source_name,
    '{{ entity }}' as entity,
    record_id,
    quarantine_reason as reason,
    payload,
    cast({{ as_of_date_sql() }} as {{ dbt.type_timestamp() }}) as detected_at
from {{ ref('int_' ~ domain ~ '__' ~ entity ~ '_checked') }}
where quarantine_reason is not null
{% endfor %}
