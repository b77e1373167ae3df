-- Grain: one row per period end and account that was seen in the product by then. An account that
-- stopped has zeros, provided that anybody of its feed was active in the window and that the feed is
-- as old as the window: a feed that is silent, or has just begun, says nothing. Null: modules and
-- sticky features where the feed names none, people where it does not know who used the product; then its events still are known.
{{ config(materialized='table') }}

with windows as (

    select * from {{ ref('int_usage__account_windows') }}

),

feeds as (

    select * from {{ ref('int_usage__feeds') }}

),

first_seen as (

    select
        source_vendor,
        account_id,
        min(usage_date) as first_usage_date
    from {{ ref('int_usage__user_days') }}
    group by source_vendor, account_id

),

feed_days as (

    select
        source_vendor,
        news_date as usage_date,
        min(news_date) over (partition by source_vendor) as first_usage_date
    from {{ ref('int_audit__daily_volumes') }}
    where domain = 'usage'

),

live_feeds as (

    select distinct
        window_days.period_end,
        feed_days.source_vendor
    from feed_days
    inner join {{ ref('int_policy__window_days') }} as window_days on feed_days.usage_date = window_days.date_day
    where
        window_days.days_back < {{ signal_window('usage') }}
        and feed_days.first_usage_date <= {{ add_days('window_days.period_end', 1 - signal_window('usage')) }}

),

-- zero where the feed could name some, else null
account_periods as (

    select
        live_feeds.period_end,
        first_seen.account_id,
        max(case when feeds.names_users then 0 end) as no_users,
        max(case when feeds.names_modules then 0 end) as no_modules,
        max(case when feeds.names_users and feeds.names_sticky_features then 0 end) as no_sticky_users
    from live_feeds
    inner join first_seen
        on
            live_feeds.source_vendor = first_seen.source_vendor
            and live_feeds.period_end >= first_seen.first_usage_date
    left join feeds on live_feeds.source_vendor = feeds.source_vendor
    group by live_feeds.period_end, first_seen.account_id

)

select
    account_periods.period_end,
    account_periods.account_id,
    coalesce(windows.events, 0) as events,
    account_periods.no_users + case when windows.account_id is null then 0 else windows.active_users end as active_users,
    account_periods.no_users + case when windows.account_id is null then 0 else windows.user_days end as user_days,
    account_periods.no_modules + coalesce(windows.modules_used, 0) as modules_used,
    account_periods.no_sticky_users + case when windows.account_id is null then 0 else windows.sticky_feature_users end
        as sticky_feature_users
from account_periods
left join windows
    on account_periods.period_end = windows.period_end and account_periods.account_id = windows.account_id
