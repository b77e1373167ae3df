-- Claim: every row of health_overrides is checked once.
with seeded as (

    select count(*) as row_count from {{ ref('health_overrides') }}

),

checked as (

    select count(*) as row_count from {{ ref('int_health__overrides_checked') }}

)

select
    seeded.row_count as seeded_rows,
    checked.row_count as checked_rows
from seeded
cross join checked
where seeded.row_count <> checked.row_count
