-- Claim: per vendor and day of use, int_usage__usage_days_checked is made of all that landed, as it stands in the landed tables now, and
-- of nothing else: the landed rows, their marks, their events, and those of named features add up. Every row of it is made of a landed
-- row at least, so none is lost or there twice. Days that usage_lookback_days leaves to a later run are left to its tests.
with landed as (

    select * from {{ ref('int_usage__landed_days') }}
    where {{ looks_back_to('usage_date') }}

),

-- clicks beyond the tool's total were not landed as its events, so no rest is left of it; copies landed, and count once
checked as (

    select
        source_vendor,
        usage_date,
        sum(landed_rows) as landed_rows,
        sum(landed_mark) as landed_mark,
        sum(case when events = 0 then -surplus_events else events end + case when feature_id is null then copied_events else 0 end)
            as landed_events,
        sum(case when feature_id is not null then events + copied_events end) as feature_events
    from {{ ref('int_usage__usage_days_checked') }}
    where {{ looks_back_to('usage_date') }}
    group by source_vendor, usage_date

),

sides as (

    select
        source_vendor,
        usage_date,
        landed_rows,
        0 as checked_rows,
        landed_events,
        0 as checked_events,
        feature_events,
        0 as checked_feature_events,
        landed_mark as missing_mark
    from landed

    union all

    select
        source_vendor,
        usage_date,
        0 as landed_rows,
        landed_rows as checked_rows,
        0 as landed_events,
        landed_events as checked_events,
        0 as feature_events,
        feature_events as checked_feature_events,
        -landed_mark as missing_mark
    from checked

),

compared as (

    select
        source_vendor,
        usage_date,
        {{ total('landed_rows') }} as landed_rows,
        {{ total('checked_rows') }} as checked_rows,
        {{ total('landed_events') }} as landed_events,
        {{ total('checked_events') }} as checked_events,
        {{ total('feature_events') }} as feature_events,
        {{ total('checked_feature_events') }} as checked_feature_events,
        {{ total('missing_mark') }} as missing_mark
    from sides
    group by source_vendor, usage_date

)

select *
from compared
where
    landed_rows <> checked_rows
    or landed_events <> checked_events
    or feature_events <> checked_feature_events
    or missing_mark <> 0
