-- Grain: one row per landed row that was set aside. Does not wait for the threshold, so that it says why a run stopped. A key that names a
-- person, or is a mail or a number to call, stands as its hash; a payload that holds one is withheld: a wrong column may hold anything.
{%- for looked_at in set_aside_entities() %}
{{ 'union all\n' if not loop.first }}select
    source_vendor,
    '{{ looked_at.domain }}' as source_name,
    '{{ looked_at.entity }}' as entity,
    {{ public_record_id(looked_at.is_of_people) }} as record_id,
    {{ looked_at.reason }} as reason,
    case when {{ looks_personal('payload') }} then '{"withheld":"looks personal"}' else payload end as payload,
    cast({{ as_of_date_sql() }} as {{ dbt.type_timestamp() }}) as detected_at
from {{ looked_at.relation }}
where {{ looked_at.condition }} and {{ looked_at.reason }} is not null
{% endfor %}
