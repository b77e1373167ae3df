-- Grain: one row per time zone, UTC day and UTC offset in force: one row a day, two where clocks
-- change. Only the way from UTC to local time is asked of the engine, for it alone has one answer
-- at every moment; clocks change on a quarter of an hour.
{{ config(materialized='table') }}

{#- minutes by which the wall clock is ahead of UTC at a moment -#}
{%- set offset_at = {} -%}
{%- for moment in ['starts_at', 'ends_at'] -%}
    {%- do offset_at.update({
        moment: 'cast(round(' ~ minutes_between(moment, utc_to_local(moment, 'iana_name')) ~ ') as ' ~ dbt.type_int() ~ ')'
    }) -%}
{%- endfor -%}
{%- set number = 'cast(numbers.generated_number as ' ~ dbt.type_int() ~ ')' %}

with zones as (

    select distinct iana_name
    from {{ ref('int_support__schedules_checked') }}
    where quarantine_reason is null

),

bounds as (

    select
        {{ add_days('min(created_at)', -1) }} as first_date,
        {{ add_days(as_of_date_sql(), 2) }} as last_date
    from {{ ref('int_support__tickets_checked') }}
    where quarantine_reason is null and is_deleted is not true

),

day_counts as (

    select
        cast(first_date as {{ dbt.type_timestamp() }}) as first_day_at,
        {{ dbt.datediff('first_date', 'last_date', 'day') }} + 1 as day_count
    from bounds

),

-- 2^15 days reach from the earliest plausible ticket to 2079
numbers as (

    {{ dbt.generate_series(32768) }}

),

days as (

    select
        zones.iana_name,
        {{ dbt.dateadd('day', number ~ ' - 1', 'day_counts.first_day_at') }} as starts_at
    from zones
    cross join day_counts
    inner join numbers on numbers.generated_number <= day_counts.day_count

),

day_ends as (

    select
        iana_name,
        starts_at,
        {{ dbt.dateadd('day', 1, 'starts_at') }} as ends_at
    from days

),

offsets as (

    select
        *,
        {{ offset_at.starts_at }} as first_offset,
        {{ offset_at.ends_at }} as last_offset
    from day_ends

),

quarters as (

    select
        offsets.iana_name,
        offsets.starts_at as day_starts_at,
        {{ dbt.dateadd('minute', '15 * (' ~ number ~ ' - 1)', 'offsets.starts_at') }} as starts_at
    from offsets
    inner join numbers on numbers.generated_number <= 96
    where offsets.first_offset <> offsets.last_offset

),

quarter_offsets as (

    select
        iana_name,
        day_starts_at,
        starts_at,
        {{ offset_at.starts_at }} as offset_minutes
    from quarters

)

select
    iana_name,
    cast(starts_at as date) as utc_date,
    starts_at,
    ends_at,
    first_offset as offset_minutes
from offsets
where first_offset = last_offset

union all

select
    iana_name,
    cast(day_starts_at as date) as utc_date,
    min(starts_at) as starts_at,
    {{ dbt.dateadd('minute', 15, 'max(starts_at)') }} as ends_at,
    offset_minutes
from quarter_offsets
group by iana_name, day_starts_at, offset_minutes
