-- What landed and what did not. A table is missed where rows of its entity come from it and none of its alternatives landed either.
with tables as (

    select
        *,
        max(case when is_found then 1 else 0 end) over (
            partition by source_vendor, domain, entity, alternatives
        ) = 1 as has_alternative
    from {{ ref('int_audit__landed_tables') }}

)

select
    source_vendor,
    domain,
    entity,
    table_name,
    is_found,
    landed_rows,
    newest_at,
    is_found and entity is not null as is_used,
    alternatives is not null and not has_alternative as is_missed,
    near_name
from tables
