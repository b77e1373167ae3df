-- Claim: on the way from the landed tables to the mart no event is lost or counted twice, on no day. What landed is in the checked rows
-- (assert_every_landed_usage_row_is_checked); of these the events of sound rows are published, the others set aside.
with sides as (

    select
        usage_date,
        events,
        0 as published
    from {{ ref('int_usage__usage_days_checked') }}
    where quarantine_reason is null

    union all

    select
        usage_date,
        0 as events,
        events as published
    from {{ ref('fct_account_usage_days') }}

)

select
    usage_date,
    {{ total('events') }} as events,
    {{ total('published') }} as published
from sides
group by usage_date
having sum(events) <> sum(published)
