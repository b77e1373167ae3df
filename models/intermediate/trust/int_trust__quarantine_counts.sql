-- Grain: one row per vendor, domain, entity and reason; the sound rows have no reason.
{{ config(materialized='table') }}

{%- for domain, entity in checked_entities() %}
{{ 'union all\n' if not loop.first }}select
    source_vendor,
    '{{ domain }}' as source_name,
    '{{ entity }}' as entity,
    quarantine_reason as reason,
    count(*) as records
from {{ ref('int_' ~ domain ~ '__' ~ entity ~ '_checked') }}
group by source_vendor, quarantine_reason
{% endfor %}
