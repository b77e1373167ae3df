-- Grain: one row per vendor, domain, entity and reason; the sound rows have no reason.
{{ config(materialized='table') }}

{%- for looked_at in set_aside_entities() %}
{{ 'union all\n' if not loop.first }}select
    source_vendor,
    '{{ looked_at.domain }}' as source_name,
    '{{ looked_at.entity }}' as entity,
    {{ looked_at.reason }} as reason,
    count(*) as records
from {{ looked_at.relation }}
where {{ looked_at.condition }}
group by source_vendor, {{ looked_at.reason }}
{% endfor %}
