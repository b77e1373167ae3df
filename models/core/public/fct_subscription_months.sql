-- A month is compared with the one before only where every price of both is known: what part of the items cost says nothing of the rest.
-- That somebody came or went is known as soon as any revenue is.
with subscriptions as (

    select * from {{ ref('int_billing__subscriptions') }} where is_paying or is_paused

),

-- completed months only
month_ends as (

    select
        date_day as month_end,
        lag(date_day) over (order by date_day) as previous_month_end,
        lead(date_day) over (order by date_day) as next_month_end
    from {{ ref('dim_dates') }}
    where is_month_end and is_up_to_as_of_date

),

held as (

    select
        subscriptions.account_id,
        month_ends.month_end,
        month_ends.previous_month_end,
        month_ends.next_month_end,
        {{ held_revenue('subscriptions.mrr', 'subscriptions', 'subscriptions.is_paying') }} as mrr,
        {{ held_revenue('subscriptions.net_mrr', 'subscriptions', 'subscriptions.is_paying') }} as net_mrr,
        {{ held_seats('subscriptions', 'subscriptions.is_paying') }} as seats,
        max(case when subscriptions.is_paying and subscriptions.mrr is null then 1 else 0 end) = 1 as has_unpriced_items,
        max(case when subscriptions.is_paused then 1 else 0 end) = 1 as has_paused_items,
        {{ worst_price_as_of('subscriptions', 'subscriptions.is_paying') }} as price_as_of
    from month_ends
    inner join subscriptions
        on
            month_ends.month_end >= subscriptions.starts_on
            and (subscriptions.ends_on is null or month_ends.month_end < subscriptions.ends_on)
    group by
        subscriptions.account_id,
        month_ends.month_end,
        month_ends.previous_month_end,
        month_ends.next_month_end

),

-- a month of a free plan earns nothing and is no row
earning as (

    select
        *,
        lag(month_end) over (partition by account_id order by month_end) as last_earning_month,
        lag(mrr) over (partition by account_id order by month_end) as last_mrr,
        lag(has_unpriced_items) over (partition by account_id order by month_end) as last_has_unpriced_items,
        lead(month_end) over (partition by account_id order by month_end) as next_earning_month
    from held
    where mrr > 0 or has_unpriced_items or has_paused_items

),

compared as (

    select
        *,
        case when last_earning_month = previous_month_end then last_mrr else 0 end as previous_mrr,
        coalesce(last_earning_month = previous_month_end and last_has_unpriced_items, false) as was_unpriced
    from earning

),

months as (

    select
        account_id,
        month_end,
        mrr,
        net_mrr,
        seats,
        cast(case when not has_unpriced_items and not was_unpriced then mrr - previous_mrr end as numeric(18, 2)) as mrr_change,
        has_unpriced_items,
        has_paused_items,
        price_as_of,
        case
            when previous_mrr = 0 and not was_unpriced and mrr > 0 then 'new'
            when previous_mrr > 0 and mrr = 0 and not has_unpriced_items then 'churn'
            when has_unpriced_items or was_unpriced then null
            when mrr > previous_mrr then 'expansion'
            when mrr < previous_mrr then 'contraction'
            when mrr = previous_mrr then 'flat'
        end as movement
    from compared

    union all

    select
        account_id,
        next_month_end as month_end,
        cast(0 as numeric(18, 2)) as mrr,
        cast(0 as numeric(18, 2)) as net_mrr,
        cast(0 as {{ sql_type('bigint') }}) as seats,
        cast(case when not has_unpriced_items then -mrr end as numeric(18, 2)) as mrr_change,
        false as has_unpriced_items,
        false as has_paused_items,
        'period' as price_as_of,
        case when mrr > 0 then 'churn' end as movement
    from earning
    where
        next_month_end is not null
        and (next_earning_month is null or next_earning_month > next_month_end)
        and (mrr > 0 or has_unpriced_items)

)

select
    account_id,
    month_end,
    movement,
    mrr,
    net_mrr,
    cast(mrr * 12 as numeric(18, 2)) as arr,
    mrr_change,
    seats,
    has_unpriced_items,
    has_paused_items,
    price_as_of
from months
