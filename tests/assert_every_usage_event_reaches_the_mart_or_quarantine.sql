-- Claim: on the way from the landed tables to the mart no event is lost or counted twice.
with usage_days as (select * from {{ ref('int_usage__usage_days_unioned') }}),

checked as (select * from {{ ref('int_usage__usage_days_checked') }}),

published as (select * from {{ ref('fct_account_usage_days') }}),

totals as (

    select
        (select coalesce(sum(usage_days.events), 0) from usage_days) as landed,
        (select coalesce(sum(published.events), 0) from published) as published,
        (
            select coalesce(sum(checked.events), 0)
            from checked
            where checked.quarantine_reason is not null
        ) as set_aside

)

select *
from totals
where landed <> published + set_aside
