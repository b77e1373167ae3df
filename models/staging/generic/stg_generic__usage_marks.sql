-- Grain: one row per landed usage day: its day and mark.
{{ config(enabled=is_listed('usage', 'generic')) }}

select
    usage_date,
    landed_mark
from {{ ref('stg_generic__usage_days') }}
