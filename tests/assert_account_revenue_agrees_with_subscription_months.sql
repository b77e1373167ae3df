-- Claim: the same revenue by two roads. At every month end that is a period end, the ARR of an
-- account is that of its subscription month; an account without such a row earns nothing.
with revenue as (select * from {{ ref('int_billing__account_revenue') }}),

months as (select * from {{ ref('fct_subscription_months') }}),

dates as (select * from {{ ref('dim_dates') }}),

compared as (

    select
        revenue.period_end,
        revenue.account_id,
        coalesce(revenue.arr, -1) as arr,
        case when months.account_id is null then 0 else coalesce(months.arr, -1) end as month_arr
    from revenue
    inner join dates
        on
            revenue.period_end = dates.date_day
            and dates.is_month_end
    left join months
        on
            revenue.account_id = months.account_id
            and revenue.period_end = months.month_end

)

select *
from compared
where arr <> month_arr
