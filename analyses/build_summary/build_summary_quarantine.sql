-- One row per reason; a record with two reasons counts under both, and once in all_records.
with

quarantined as (

    select * from {{ ref('quarantined_records') }}

),

records as (

    select distinct
        source_name,
        entity,
        record_id
    from quarantined

)

select
    quarantined.reason,
    count(*) as records,
    (select count(*) from records) as all_records
from quarantined
group by quarantined.reason
order by
    count(*) desc,
    quarantined.reason asc
