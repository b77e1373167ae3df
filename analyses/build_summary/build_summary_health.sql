-- One row per reported band with customers, and one in any case: the largest band first. At risk is
-- what customers in the lowest band pay; alerts are the open actions of priority P0.
with

customers as (

    select
        reported_band,
        count(*) as customers,
        sum(arr) as arr
    from {{ ref('account_health_latest') }}
    where is_customer
    group by reported_band

),

lowest_band as (

    select band as lowest_band
    from {{ ref('int_policy__bands') }}
    where period_end = {{ as_of_date_sql() }} and score_from is null

),

alerts as (

    select
        count(*) as open_alerts,
        coalesce(sum(case when status = 'past_due' then 1 else 0 end), 0) as past_due_alerts
    from {{ ref('health_actions') }}
    where priority = 'P0' and status <> 'closed'

)

select
    customers.reported_band,
    customers.customers,
    customers.arr,
    lowest_band.lowest_band,
    alerts.open_alerts,
    alerts.past_due_alerts
from alerts
cross join lowest_band
left join customers on customers.customers > 0
order by
    customers.customers desc,
    customers.reported_band asc
