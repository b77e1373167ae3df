-- The same revenue by two roads: at every month end that is a period end, the ARR of an account is
-- that of its subscription month, and an account without one has none.
with revenue as (

    select * from {{ ref('int_billing__account_revenue') }}

),

months as (

    select * from {{ ref('fct_subscription_months') }}

)

select
    revenue.period_end,
    revenue.account_id,
    revenue.arr,
    months.arr as month_arr
from revenue
inner join {{ ref('dim_dates') }} as dates on revenue.period_end = dates.date_day and dates.is_month_end
left join months
    on
        revenue.account_id = months.account_id
        and revenue.period_end = months.month_end
where
    coalesce(revenue.arr, -1) <> coalesce(months.arr, case when months.account_id is null then 0 else -1 end)
