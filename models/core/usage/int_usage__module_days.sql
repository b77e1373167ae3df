-- Grain: one row per account, day and module used. Built by days: those whose usage days are not those they were built from.
{{ config(materialized=incremental(), incremental_strategy='parts', on_schema_change='sync_all_columns') }}

select
    account_id,
    usage_date,
    module,
    {{ total('row_mark') }} as row_mark,
    '{{ recipe() }}' as recipe
from {{ ref('int_usage__usage_days') }}
where
    module is not null
    and has_use
    and {{ in_changed_days('usage_date', ref('int_usage__usage_days'), 'module is not null and has_use') }}
group by account_id, usage_date, module
