-- Grain: one row per period end and account with use in the window before it (signal_window_days, usage). Built by periods: those in
-- whose window a day is not what they were built from.
{{ config(materialized=incremental(), incremental_strategy='parts', on_schema_change='sync_all_columns') }}
{%- set in_window = 'window_days.days_back < ' ~ signal_window('usage') %}
{%- set changed_periods = changed_parts(
    "select window_days.period_end as part, sum(days.row_mark) as mark from " ~ ref('int_policy__window_days') ~ " as window_days inner join "
    ~ "(select usage_date, sum(row_mark) as row_mark from " ~ ref('int_usage__user_days') ~ " group by usage_date) as days "
    ~ "on window_days.date_day = days.usage_date where " ~ in_window ~ " group by window_days.period_end",
    "select period_end as part, sum(row_mark) as mark from " ~ this ~ " group by period_end",
) %}

with window_days as (

    select
        window_days.period_end,
        window_days.date_day
    from {{ ref('int_policy__window_days') }} as window_days
    where {{ in_window }} and {{ in_parts([['period_end', changed_periods]]) }}

),

users as (

    select
        window_days.period_end,
        user_days.account_id,
        user_days.source_vendor,
        user_days.product_user_id,
        count(*) as active_days,
        max(user_days.is_sticky) as is_sticky,
        sum(user_days.events) as events,
        sum(user_days.row_mark) as row_mark
    from {{ ref('int_usage__user_days') }} as user_days
    inner join window_days on user_days.usage_date = window_days.date_day
    group by window_days.period_end, user_days.account_id, user_days.source_vendor, user_days.product_user_id

),

people as (

    select
        period_end,
        account_id,
        {{ total('events') }} as events,
        nullif(count(product_user_id), 0) as active_users,
        {{ total('case when product_user_id is not null then active_days end') }} as user_days,
        {{ total('case when product_user_id is not null then is_sticky end') }} as sticky_feature_users,
        {{ total('row_mark') }} as row_mark
    from users
    group by period_end, account_id

),

modules as (

    select
        window_days.period_end,
        module_days.account_id,
        count(distinct module_days.module) as modules_used
    from {{ ref('int_usage__module_days') }} as module_days
    inner join window_days on module_days.usage_date = window_days.date_day
    group by window_days.period_end, module_days.account_id

)

select
    people.period_end,
    people.account_id,
    people.events,
    people.active_users,
    people.user_days,
    coalesce(modules.modules_used, 0) as modules_used,
    people.sticky_feature_users,
    people.row_mark,
    '{{ recipe() }}' as recipe
from people
left join modules on people.period_end = modules.period_end and people.account_id = modules.account_id
