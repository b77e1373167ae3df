-- Grain: one row per schedule and stretch of UTC time, cut at midnight UTC and wherever the
-- schedule opens, by the hours it had then: a moment finds its one row by schedule, UTC date and starts_at <= t < ends_at.
-- Opening minutes up to t are opening_minutes_before plus the minutes from starts_at to t, but no
-- further than open_until; those between two moments are the difference.
{{ config(materialized='table') }}
{#- 1970-01-04 was a Sunday -#}
{%- set days_since_a_sunday = dbt.datediff("cast('1970-01-04' as date)", 'local_date', 'day') %}

with zone_days as (

    select * from {{ ref('int_support__time_zone_days') }}

),

openings as (

    select * from {{ ref('int_support__schedule_weekdays') }}

),

holidays as (

    select * from {{ ref('int_support__schedule_holidays_checked') }} where quarantine_reason is null and is_withdrawn is not true

),

schedules as (

    select distinct
        source_vendor,
        schedule_id,
        iana_name
    from openings

),

-- a stretch of UTC time touches two local days at most
local_days as (

    select
        zone_days.*,
        {{ dbt.dateadd('minute', 'zone_days.offset_minutes', 'zone_days.starts_at') }} as local_starts_at
    from zone_days

),

local_midnights as (

    {% for step in range(2) -%}
    select
        iana_name,
        utc_date,
        starts_at,
        ends_at,
        offset_minutes,
        {{ add_days('local_starts_at', step) }} as local_date
    from local_days
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

dated_midnights as (

    select
        *,
        {{ dbt.dateadd('minute', '-1 * offset_minutes', 'cast(local_date as ' ~ dbt.type_timestamp() ~ ')') }} as midnight_at,
        mod(cast({{ days_since_a_sunday }} as {{ dbt.type_int() }}), 7) as weekday
    from local_midnights

),

openings_in_utc as (

    select
        openings.source_vendor,
        openings.schedule_id,
        dated_midnights.utc_date,
        {{ largest([
            'dated_midnights.starts_at',
            dbt.dateadd('minute', 'openings.opens_minute', 'dated_midnights.midnight_at'),
            'openings.valid_from',
        ]) }} as opens_at,
        {{ smallest([
            'dated_midnights.ends_at',
            dbt.dateadd('minute', 'openings.closes_minute', 'dated_midnights.midnight_at'),
            'openings.closed_at',
        ]) }} as closes_at
    from dated_midnights
    inner join openings
        on dated_midnights.iana_name = openings.iana_name and dated_midnights.weekday = openings.weekday
    where
        not exists (
            select 1
            from holidays
            where
                holidays.source_vendor = openings.source_vendor
                and holidays.schedule_id = openings.schedule_id
                and dated_midnights.local_date between holidays.first_date and holidays.last_date
        )

),

-- hours of two versions may overlap
islands as (

    select
        *,
        case
            when opens_at < max(closes_at) over (
                partition by source_vendor, schedule_id, utc_date
                order by opens_at, closes_at
                rows between unbounded preceding and 1 preceding
            ) then 0
            else 1
        end as starts_island
    from openings_in_utc
    where opens_at < closes_at

),

numbered_islands as (

    select
        *,
        sum(starts_island) over (
            partition by source_vendor, schedule_id, utc_date
            order by opens_at, closes_at
            rows between unbounded preceding and current row
        ) as island_number
    from islands

),

-- every day begins with a stretch, even if nothing opens
stretches as (

    select
        source_vendor,
        schedule_id,
        utc_date,
        min(opens_at) as starts_at,
        max(closes_at) as open_until
    from numbered_islands
    group by source_vendor, schedule_id, utc_date, island_number

    union all

    select distinct
        schedules.source_vendor,
        schedules.schedule_id,
        zone_days.utc_date,
        cast(zone_days.utc_date as {{ dbt.type_timestamp() }}) as starts_at,
        cast(zone_days.utc_date as {{ dbt.type_timestamp() }}) as open_until
    from schedules
    inner join zone_days on schedules.iana_name = zone_days.iana_name

),

measured as (

    select
        *,
        cast(round({{ minutes_between('starts_at', 'open_until') }}) as {{ dbt.type_bigint() }}) as open_minutes
    from stretches

)

select
    source_vendor,
    schedule_id,
    utc_date,
    starts_at,
    coalesce(
        lead(starts_at) over (partition by source_vendor, schedule_id, utc_date order by starts_at, open_until),
        {{ dbt.dateadd('day', 1, 'cast(utc_date as ' ~ dbt.type_timestamp() ~ ')') }}
    ) as ends_at,
    open_until,
    cast(
        coalesce(
            sum(open_minutes) over (
                partition by source_vendor, schedule_id
                order by starts_at, open_until
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as {{ dbt.type_bigint() }}
    ) as opening_minutes_before
from measured
