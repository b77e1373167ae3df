-- Grain: one row per landed event or bucket: its day and mark, and what it adds to the sums that are compared. Reads few columns and
-- groups nothing, so it is cheap beside usage_days. A click on a feature is in two of the rows made of it, that of the feature and that
-- of the visit, and its events are in Pendo's total already.
{{ config(enabled=is_listed('usage', 'pendo')) }}

{{ pendo_events() }}

select
    usage_date,
    is_feature,
    {{ pendo_event_mark() }} as landed_mark,
    case when feature_id is not null then 2 else 1 end as landed_rows,
    case when feature_id is not null then 0 else events end as landed_events,
    case when feature_id is not null then events end as feature_events
from events
