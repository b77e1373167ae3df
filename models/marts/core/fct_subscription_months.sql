with subscriptions as (

    select * from {{ ref('int_billing__subscriptions') }} where is_paying

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
        cast(sum(subscriptions.mrr) as numeric(18, 2)) as mrr,
        {{ total('subscriptions.seats') }} as seats,
        max(case when subscriptions.mrr is null then 1 else 0 end) = 1 as has_unpriced_items
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
        lead(month_end) over (partition by account_id order by month_end) as next_earning_month
    from held
    where mrr > 0 or has_unpriced_items

),

compared as (

    select
        *,
        coalesce(last_earning_month = previous_month_end, false) as was_earning,
        case when last_earning_month = previous_month_end then last_mrr else 0 end as previous_mrr
    from earning

),

months as (

    select
        account_id,
        month_end,
        mrr,
        seats,
        cast(mrr - previous_mrr as numeric(18, 2)) as mrr_change,
        has_unpriced_items,
        case
            when not was_earning then 'new'
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
        cast(0 as {{ sql_type('bigint') }}) as seats,
        cast(-mrr as numeric(18, 2)) as mrr_change,
        false as has_unpriced_items,
        'churn' as movement
    from earning
    where
        next_month_end is not null
        and (next_earning_month is null or next_earning_month > next_month_end)

)

select
    account_id,
    month_end,
    movement,
    mrr,
    cast(mrr * 12 as numeric(18, 2)) as arr,
    mrr_change,
    seats,
    has_unpriced_items
from months
