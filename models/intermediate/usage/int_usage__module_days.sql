-- Grain: one row per account, day and module used. Built by days: those whose usage days are not those they were built from.
{{ config(materialized=incremental(), incremental_strategy='parts', on_schema_change='sync_all_columns') }}
{%- set usage_days =
    "select usage_date as part, sum(row_mark) as mark, count(*) as n from " ~ ref('int_usage__usage_days') ~ " where module is not null group by usage_date"
%}
{%- set built_days = "select usage_date as part, sum(row_mark) as mark from " ~ this ~ " group by usage_date" %}

select
    account_id,
    usage_date,
    module,
    {{ total('row_mark') }} as row_mark,
    '{{ recipe() }}' as recipe
from {{ ref('int_usage__usage_days') }}
where
    module is not null
    and {{ in_parts([['usage_date', changed_parts(usage_days, built_days)]], 'usage_date', 'select part as day, n from (' ~ usage_days ~ ') as parts') }}
group by account_id, usage_date, module
