-- Grain: one row per period end and account that was seen in the product by then. An account that
-- stopped has zeros, provided that anybody of its feed was active in the window and that the feed is
-- as old as the window: a feed that is silent, or has just begun, says nothing. Null: modules and
-- sticky features where the feed names none, people where it does not know who used the product.
{{ config(materialized='table') }}

with in_window as (

    select
        window_days.period_end,
        usage_days.source_vendor,
        usage_days.account_id,
        usage_days.product_user_key,
        usage_days.usage_date,
        usage_days.module,
        max(case when usage_days.is_sticky then 1 else 0 end) as sticky_users
    from {{ ref('int_usage__usage_days') }} as usage_days
    inner join {{ ref('int_health__window_days') }} as window_days
        on usage_days.usage_date = window_days.date_day
    where window_days.days_back < {{ signal_window('usage') }}
    group by
        window_days.period_end,
        usage_days.source_vendor,
        usage_days.account_id,
        usage_days.product_user_key,
        usage_days.usage_date,
        usage_days.module

),

feeds as (

    select
        source_vendor,
        count(module) > 0 as names_modules,
        count(case when is_sticky then 1 end) > 0 as names_sticky_features
    from {{ ref('int_usage__features_checked') }}
    where quarantine_reason is null
    group by source_vendor

),

first_seen as (

    select
        source_vendor,
        account_id,
        min(usage_date) as first_usage_date
    from {{ ref('int_usage__usage_days') }}
    group by source_vendor, account_id

),

feed_starts as (

    select
        source_vendor,
        min(first_usage_date) as first_usage_date
    from first_seen
    group by source_vendor

),

live_feeds as (

    select distinct
        in_window.period_end,
        in_window.source_vendor
    from in_window
    inner join feed_starts on in_window.source_vendor = feed_starts.source_vendor
    where feed_starts.first_usage_date <= {{ add_days('in_window.period_end', 1 - signal_window('usage')) }}

),

-- zero where the feed could name some, else null
account_periods as (

    select
        live_feeds.period_end,
        first_seen.account_id,
        max(case when feeds.names_modules then 0 end) as no_modules,
        max(case when feeds.names_sticky_features then 0 end) as no_sticky_users
    from live_feeds
    inner join first_seen
        on
            live_feeds.source_vendor = first_seen.source_vendor
            and live_feeds.period_end >= first_seen.first_usage_date
    left join feeds on live_feeds.source_vendor = feeds.source_vendor
    group by live_feeds.period_end, first_seen.account_id

),

users as (

    select
        period_end,
        account_id,
        product_user_key,
        count(distinct usage_date) as active_days,
        max(sticky_users) as sticky_users
    from in_window
    group by period_end, account_id, product_user_key

),

people as (

    select
        period_end,
        account_id,
        nullif(count(product_user_key), 0) as active_users,
        {{ total('case when product_user_key is not null then active_days end') }} as user_days,
        {{ total('case when product_user_key is not null then sticky_users end') }} as sticky_feature_users
    from users
    group by period_end, account_id

),

modules as (

    select
        period_end,
        account_id,
        count(distinct module) as modules_used
    from in_window
    group by period_end, account_id

)

select
    account_periods.period_end,
    account_periods.account_id,
    case when people.account_id is null then 0 else people.active_users end as active_users,
    case when people.account_id is null then 0 else people.user_days end as user_days,
    account_periods.no_modules + coalesce(modules.modules_used, 0) as modules_used,
    account_periods.no_sticky_users + case when people.account_id is null then 0 else people.sticky_feature_users end
        as sticky_feature_users
from account_periods
left join people
    on account_periods.period_end = people.period_end and account_periods.account_id = people.account_id
left join modules
    on account_periods.period_end = modules.period_end and account_periods.account_id = modules.account_id
