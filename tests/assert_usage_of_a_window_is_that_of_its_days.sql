-- Claim: the same use by two roads. The active days of all people of an account in the window
-- before a period end are the active users of its days, added up.
with account_periods as (select * from {{ ref('int_usage__account_periods') }}),

window_days as (

    select * from {{ ref('int_policy__window_days') }} where days_back < {{ signal_window('usage') }}

),

daily as (

    select
        window_days.period_end,
        usage_days.account_id,
        sum(usage_days.active_users) as user_days,
        max(usage_days.active_users) as busiest_day
    from {{ ref('fct_account_usage_days') }} as usage_days
    inner join window_days on usage_days.usage_date = window_days.date_day
    group by window_days.period_end, usage_days.account_id

)

select
    account_periods.*,
    daily.user_days as daily_user_days,
    daily.busiest_day
from account_periods
left join daily
    on account_periods.period_end = daily.period_end and account_periods.account_id = daily.account_id
where
    account_periods.user_days <> coalesce(daily.user_days, 0)
    or account_periods.active_users < coalesce(daily.busiest_day, 0)
    or account_periods.active_users > account_periods.user_days
    or account_periods.sticky_feature_users > account_periods.active_users
