-- sums are of whole numbers, so their order does not matter
with users as (

    select
        account_id,
        usage_date,
        count(product_user_id) as active_users,
        {{ total('logins') }} as logins,
        {{ total('events') }} as events,
        {{ total('case when product_user_id is not null then is_sticky else 0 end') }} as sticky_feature_users
    from {{ ref('int_usage__user_days') }}
    group by account_id, usage_date

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
    coalesce(modules.modules_used, 0) as modules_used,
    users.sticky_feature_users
from users
left join modules on users.account_id = modules.account_id and users.usage_date = modules.usage_date
