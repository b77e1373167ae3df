-- Grain: one row per account, user and day with use (of nobody known: one per account and day). Built by days: those whose usage days
-- are not those they were built from.
{{ config(materialized=incremental(), incremental_strategy='parts', on_schema_change='sync_all_columns') }}

select
    source_vendor,
    account_id,
    product_user_id,
    usage_date,
    {{ total('logins') }} as logins,
    {{ total('events') }} as events,
    max(case when is_sticky then 1 else 0 end) as is_sticky,
    {{ total('row_mark') }} as row_mark,
    '{{ recipe() }}' as recipe
from {{ ref('int_usage__usage_days') }}
where
    has_use
    and {{ in_changed_days('usage_date', ref('int_usage__usage_days'), 'has_use') }}
group by source_vendor, account_id, product_user_id, usage_date
