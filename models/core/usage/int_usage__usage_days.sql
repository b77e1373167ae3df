-- Grain: one sound row per product account, user, day and feature, with the CRM account.
-- Events, visits and minutes add up over rows; users do not: count distinct product_user_key. A row
-- whose counts are all zero is news of the feed but no use; one that counts nothing is use.
select
    source_vendor,
    account_id,
    product_account_id,
    product_user_id,
    source_vendor || '|' || product_user_id as product_user_key,
    feature_id,
    module,
    coalesce(is_sticky, false) as is_sticky,
    usage_date,
    events,
    logins,
    minutes,
    coalesce(events, logins, minutes) is null or coalesce(events, 0) > 0 or coalesce(logins, 0) > 0 or coalesce(minutes, 0) > 0
        as has_use,
    row_mark
from {{ ref('int_usage__usage_days_checked') }}
where quarantine_reason is null
