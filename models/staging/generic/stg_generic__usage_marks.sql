-- Grain: one row per landed usage day: its day and mark, and what it adds to the sums that are compared.
{{ config(enabled=is_listed('usage', 'generic')) }}

select
    usage_date,
    landed_mark,
    landed_rows,
    events as landed_events,
    case when feature_id is not null then events end as feature_events
from {{ ref('stg_generic__usage_days') }}
