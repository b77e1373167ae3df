-- What landed and cannot be used, by gap; of each the few items that hold most of it.
with

ranked as (

    select
        *,
        sum(records) over (partition by gap) as all_records,
        count(*) over (partition by gap) as items,
        row_number() over (
            partition by gap
            order by
                records desc,
                item asc,
                source_vendor asc
        ) as item_rank
    from {{ ref('data_gaps') }}

)

select
    gap,
    source_vendor,
    item,
    records,
    all_records,
    items
from ranked
where item_rank <= 3
order by
    gap,
    item_rank
