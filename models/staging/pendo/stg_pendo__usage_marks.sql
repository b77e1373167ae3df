-- Grain: one row per landed event or bucket: its day and mark. Reads few columns and groups nothing, so it is cheap beside usage_days.
{{ config(enabled=is_listed('usage', 'pendo')) }}

{{ pendo_events() }}

select
    usage_date,
    {{ pendo_event_mark() }} as landed_mark
from events
