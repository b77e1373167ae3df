-- Grain: one row per stretch of a weekday (0 Sunday to 6 Saturday) on which a schedule is open, in
-- minutes of the local day, from when until when (in whole minutes). Intervals that cross midnight are cut there, overlapping ones merged.
with intervals as (

    select * from {{ ref('int_support__schedules_checked') }} where quarantine_reason is null and is_superseded is not true

),

weekdays as (

    {% for weekday in range(7) -%}
    select {{ weekday }} as weekday, {{ weekday * 1440 }} as midnight_minute
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

cut_intervals as (

    select
        intervals.source_vendor,
        intervals.schedule_id,
        intervals.iana_name,
        coalesce({{ dbt.date_trunc('minute', 'intervals.counts_from') }}, timestamp '1900-01-01 00:00:00') as valid_from,
        {{ dbt.date_trunc('minute', 'intervals.valid_to') }} as closed_at,
        weekdays.weekday,
        greatest(intervals.starts_minute - weekdays.midnight_minute, 0) as opens_minute,
        least(intervals.ends_minute - weekdays.midnight_minute, 1440) as closes_minute
    from intervals
    inner join weekdays
        on
            intervals.starts_minute < weekdays.midnight_minute + 1440
            and intervals.ends_minute > weekdays.midnight_minute

),

islands as (

    select
        *,
        case
            when opens_minute <= max(closes_minute) over (
                partition by source_vendor, schedule_id, iana_name, valid_from, closed_at, weekday
                order by opens_minute, closes_minute
                rows between unbounded preceding and 1 preceding
            ) then 0
            else 1
        end as starts_island
    from cut_intervals

),

numbered_islands as (

    select
        *,
        sum(starts_island) over (
            partition by source_vendor, schedule_id, iana_name, valid_from, closed_at, weekday
            order by opens_minute, closes_minute
            rows between unbounded preceding and current row
        ) as island_number
    from islands

)

select
    source_vendor,
    schedule_id,
    iana_name,
    weekday,
    valid_from,
    closed_at,
    cast(min(opens_minute) as {{ dbt.type_int() }}) as opens_minute,
    cast(max(closes_minute) as {{ dbt.type_int() }}) as closes_minute
from numbered_islands
group by source_vendor, schedule_id, iana_name, valid_from, closed_at, weekday, island_number
