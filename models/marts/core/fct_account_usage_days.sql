-- Sums are of whole numbers, so their order does not matter.
select
    account_id,
    usage_date,
    count(distinct product_user_key) as active_users,
    {{ total('logins') }} as logins,
    {{ total('events') }} as events,
    count(distinct module) as modules_used,
    count(distinct case when is_sticky then product_user_key end) as sticky_feature_users
from {{ ref('int_usage__usage_days') }}
group by account_id, usage_date
