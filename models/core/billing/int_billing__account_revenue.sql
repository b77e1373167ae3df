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
        subscriptions.price_as_of,
        subscriptions.is_paying
        and (subscriptions.ends_on is null or periods.period_end < subscriptions.ends_on) as is_current,
        subscriptions.is_paying
        and subscriptions.starts_on <= {{ then }}
        and (subscriptions.ends_on is null or {{ then }} < subscriptions.ends_on) as was_current
    from periods
    inner join subscriptions on periods.period_end >= subscriptions.starts_on

)

select
    held.period_end,
    held.account_id,
    cast(12 * {{ held_revenue('held.mrr', 'held', 'held.is_current') }} as numeric(18, 2)) as arr,
    {{ held_seats('held', 'held.is_current') }} as seats,
    case when count(case when held.was_current then 1 end) > 0 then {{ held_seats('held', 'held.was_current') }} end as seats_before
from held
group by held.period_end, held.account_id
