-- Grain: one row per period end and account that had a subscription by then; 0 after the last
-- one ended. arr is null while nothing the account pays for has a known price.
with subscriptions as (

    select * from {{ ref('int_billing__subscriptions') }}

),

periods as (

    select period_end from {{ ref('int_periods') }}

),

held as (

    select
        periods.period_end,
        subscriptions.account_id,
        subscriptions.mrr,
        subscriptions.seats,
        subscriptions.is_paying
        and (subscriptions.ends_on is null or periods.period_end < subscriptions.ends_on) as is_current
    from periods
    inner join subscriptions on periods.period_end >= subscriptions.starts_on

)

select
    period_end,
    account_id,
    cast(
        case
            when sum(case when is_current then 1 else 0 end) = 0 then 0
            else 12 * sum(case when is_current then mrr end)
        end as numeric(18, 2)
    ) as arr,
    coalesce({{ total('case when is_current then seats end') }}, 0) as seats
from held
group by period_end, account_id
