-- sums are of whole numbers, so their order does not matter. What no feed of the day names is unknown, not zero.
with users as (

    select
        user_days.account_id,
        user_days.usage_date,
        nullif(count(user_days.product_user_id), 0) as active_users,
        {{ total('user_days.logins') }} as logins,
        {{ total('user_days.events') }} as events,
        max(case when feeds.names_modules then 0 end) as no_modules,
        case
            when max(case when feeds.names_sticky_features then 1 else 0 end) = 1
                then {{ total('case when user_days.product_user_id is not null then user_days.is_sticky end') }}
        end as sticky_feature_users
    from {{ ref('int_usage__user_days') }} as user_days
    left join {{ ref('int_usage__feeds') }} as feeds on user_days.source_vendor = feeds.source_vendor
    group by user_days.account_id, user_days.usage_date

),

modules as (

    select
        account_id,
        usage_date,
        count(*) as modules_used
    from {{ ref('int_usage__module_days') }}
    group by account_id, usage_date

)

select
    users.account_id,
    users.usage_date,
    users.active_users,
    users.logins,
    users.events,
    users.no_modules + coalesce(modules.modules_used, 0) as modules_used,
    users.sticky_feature_users
from users
left join modules on users.account_id = modules.account_id and users.usage_date = modules.usage_date
