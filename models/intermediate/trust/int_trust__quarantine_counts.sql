-- Grain: one row per vendor, domain, entity and reason; the sound rows have no reason. Every mart
-- waits for this model, and its post-hook stops the run when too much of an entity was set aside,
-- so the marts stay as they were.
{{ config(materialized='table', post_hook='{{ stop_on_too_many_set_aside() }}') }}

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
