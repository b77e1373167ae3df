-- Grain: one row per period end and account that had a subscription by then; 0 after the last
-- one ended. arr is null while nothing the account pays for has a known price. seats_before: the
-- seats of a window (seat_change) ago; null when it had no subscription then.
{%- set then = add_days('periods.period_end', -1 * signal_window('seat_change')) %}

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
        and (subscriptions.ends_on is null or periods.period_end < subscriptions.ends_on) as is_current,
        subscriptions.is_paying
        and subscriptions.starts_on <= {{ then }}
        and (subscriptions.ends_on is null or {{ then }} < subscriptions.ends_on) as was_current
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
    case
        when sum(case when is_current then 1 else 0 end) = 0 then 0
        else {{ total('case when is_current then seats end') }}
    end as seats,
    {{ total('case when was_current then seats end') }} as seats_before
from held
group by period_end, account_id
