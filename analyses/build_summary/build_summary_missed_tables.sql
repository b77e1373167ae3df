-- Tables that a listed vendor did not land though rows of an entity come from them.
select
    domain,
    source_vendor,
    entity,
    table_name,
    near_name
from {{ ref('landed_tables') }}
where is_missed
order by
    source_vendor,
    domain,
    entity,
    table_name
