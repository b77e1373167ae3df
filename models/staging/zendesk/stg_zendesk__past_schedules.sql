-- Grain: one row per opening interval that a schedule had before a change of its hours, with the time from when until when it had it; a
-- change that cannot be read, or of no schedule, is one row without an interval. The audit log tells changes in prose: the hours before
-- and after, as {:mon=>{"09:00"=>"17:00"}, ...} in whatever escaping, or as {Mon-Fri 09:00-17:00, ...}. A change names its schedule by
-- source_id, by the name in source_label, or else by the hours that only one schedule has today. A schedule whose log begins with no hours
-- was made then: its first hours are the oldest that are known.
{{ config(enabled=is_listed('support', 'zendesk')) }}
{%- set schedule = landed('zendesk', 'schedule') %}
{%- set log = landed('zendesk', 'audit_log', in_demo=false) %}
{%- set days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] %}
{%- set span = "cast(starts_minute as " ~ dbt.type_string() ~ ") || '-' || cast(ends_minute as " ~ dbt.type_string() ~ ")" %}

with weekdays as (

    {% for day in days -%}
    select '{{ day }}' as day_name, {{ loop.index0 }} as weekday
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

numbers as (

    {{ dbt.generate_series(16) }}

),

schedules as (

    select
        {{ field(schedule, 'id', required=true) }} as schedule_id,
        max({{ field(schedule, 'name') }}) as schedule_name,
        max({{ field(schedule, 'time_zone') }}) as time_zone
    from {{ landed_from(schedule) }}
    where
        {{ live_rows(schedule, keep_deleted=true) }}
    group by 1

),

told_by_name as (

    select
        {{ fold_case('schedule_name') }} as source_name,
        min(schedule_id) as schedule_id
    from schedules
    group by 1
    having count(*) = 1

),

intervals_now as (

    select distinct
        {{ field(schedule, 'id', required=true) }} as schedule_id,
        {{ field(schedule, 'start_time', 'bigint', required=true) }} as starts_minute,
        {{ field(schedule, 'end_time', 'bigint', required=true) }} as ends_minute
    from {{ landed_from(schedule) }}
    where
        {{ live_rows(schedule) }}

),

hours_now as (

    select
        schedule_id,
        {{ sorted_list(span) }} as hours
    from intervals_now
    group by 1

),

-- hours, or a name, that several schedules have tell none
told_by_hours as (

    select
        hours,
        min(schedule_id) as schedule_id
    from hours_now
    group by hours
    having count(*) = 1

),

landed_changes as (

    select
        {{ field(log, 'id', required=true) }} as change_id,
        {{ field(log, 'source_id') }} as source_id,
        {{ replace_pattern(fold_case(field(log, 'source_label')), '^workweek: *', '') }} as source_name,
        {{ field(log, 'created_at', 'timestamp') }} as changed_at,
        {{ zendesk_hours_told(field(log, 'change_description')) }} as prose,
        {{ loaded_at(log) }} as loaded_at
    from {{ landed_from(log) }}
    where
        {{ live_rows(log) }}
        and {{ fold_case(field(log, 'change_description')) }} like 'workweek changed from%'

),

-- a change that landed twice is one
changes as (

    select distinct
        change_id,
        source_id,
        source_name,
        changed_at,
        split_part(prose, '|', 1) as hours_before,
        split_part(prose, '|', 2) as hours_after,
        max(loaded_at) over (partition by change_id) as loaded_at
    from landed_changes

),

sides as (

    select
        change_id,
        'before' as side,
        hours_before as hours
    from changes

    union all

    select
        change_id,
        'after' as side,
        hours_after as hours
    from changes

),

-- the hours of a day, or of a range of days
spans as (

    select
        sides.change_id,
        sides.side,
        weekdays.day_name as first_day,
        weekdays.day_name as last_day,
        split_part(
            split_part(split_part(sides.hours, weekdays.day_name || '<', 2), '>', 1),
            ',',
            cast(numbers.generated_number as {{ dbt.type_int() }})
        ) as opening
    from sides
    cross join weekdays
    cross join numbers
    where sides.hours like '%' || weekdays.day_name || '<%'

    union all

    select
        items.change_id,
        items.side,
        substring(items.item, 1, 3) as first_day,
        case when substring(items.item, 4, 1) = '-' then substring(items.item, 5, 3) else substring(items.item, 1, 3) end as last_day,
        {{ replace_pattern('items.item', '^[^0-9]*', '') }} as opening
    from (
        select
            sides.change_id,
            sides.side,
            {{ replace_pattern(
                "split_part(sides.hours, ',', cast(numbers.generated_number as " ~ dbt.type_int() ~ "))", '^.*<', ''
            ) }} as item
        from sides
        cross join numbers
        where {{ matches('sides.hours', '[a-z]{3}[0-9]') }}
    ) as items

),

minutes as (

    select
        change_id,
        side,
        first_day,
        last_day,
        60 * cast(split_part(split_part(opening, '-', 1), ':', 1) as {{ dbt.type_int() }})
        + cast(split_part(split_part(opening, '-', 1), ':', 2) as {{ dbt.type_int() }}) as opens_minute,
        60 * cast(split_part(split_part(opening, '-', 2), ':', 1) as {{ dbt.type_int() }})
        + cast(replace(split_part(split_part(opening, '-', 2), ':', 2), '>', '') as {{ dbt.type_int() }}) as closes_minute
    from spans
    where {{ matches('opening', '^[0-9]{1,2}:[0-9]{2}-[0-9]{1,2}:[0-9]{2}>*$') }}

),

intervals as (

    select distinct
        minutes.change_id,
        minutes.side,
        cast(1440 * weekdays.weekday + minutes.opens_minute as {{ sql_type('bigint') }}) as starts_minute,
        cast(1440 * weekdays.weekday + minutes.closes_minute as {{ sql_type('bigint') }}) as ends_minute
    from minutes
    inner join weekdays as first_days on minutes.first_day = first_days.day_name
    inner join weekdays as last_days on minutes.last_day = last_days.day_name
    inner join weekdays
        on mod(weekdays.weekday - first_days.weekday + 7, 7) <= mod(last_days.weekday - first_days.weekday + 7, 7)

),

hours_then as (

    select
        change_id,
        side,
        {{ sorted_list(span) }} as hours
    from intervals
    group by 1, 2

),

named as (

    select
        changes.change_id,
        changes.changed_at,
        changes.loaded_at,
        coalesce(by_id.schedule_id, told_by_name.schedule_id, told_by_hours.schedule_id) as schedule_id,
        before_hours.hours is not null as has_hours_before,
        -- no hours are told by nothing but brackets
        coalesce(after_hours.hours, '') = '' and {{ matches('changes.hours_after', '[0-9]') }}
        or coalesce(before_hours.hours, '') = '' and {{ matches('changes.hours_before', '[0-9]') }}
        or changes.hours_after = ''
        or changes.changed_at is null as is_unreadable
    from changes
    left join hours_then as before_hours on changes.change_id = before_hours.change_id and before_hours.side = 'before'
    left join hours_then as after_hours on changes.change_id = after_hours.change_id and after_hours.side = 'after'
    left join schedules as by_id on changes.source_id = by_id.schedule_id
    left join told_by_name on changes.source_id is null and changes.source_name = told_by_name.source_name
    left join told_by_hours on changes.source_id is null and changes.source_name is null and after_hours.hours = told_by_hours.hours

),

ordered as (

    select
        *,
        row_number() over (partition by schedule_id order by changed_at, change_id) as change_number,
        lag(changed_at) over (partition by schedule_id order by changed_at, change_id) as previous_change_at
    from named
    where not is_unreadable and schedule_id is not null

),

firsts as (

    select
        schedule_id,
        max(case when change_number = 1 and not has_hours_before then changed_at end) as made_at
    from ordered
    group by schedule_id

),

past as (

    select
        ordered.schedule_id,
        intervals.starts_minute,
        intervals.ends_minute,
        case when ordered.previous_change_at > coalesce(firsts.made_at, timestamp '1900-01-01 00:00:00') then ordered.previous_change_at end
            as valid_from,
        ordered.changed_at as valid_to,
        ordered.loaded_at,
        cast(null as {{ sql_type('string') }}) as parse_errors
    from ordered
    inner join firsts on ordered.schedule_id = firsts.schedule_id
    inner join intervals on ordered.change_id = intervals.change_id and intervals.side = 'before'

    union all

    select
        schedule_id,
        cast(null as {{ sql_type('bigint') }}) as starts_minute,
        cast(null as {{ sql_type('bigint') }}) as ends_minute,
        cast(null as {{ sql_type('timestamp') }}) as valid_from,
        changed_at as valid_to,
        loaded_at,
        case when is_unreadable then 'change_description' end as parse_errors
    from named
    where is_unreadable or schedule_id is null

)

select
    past.schedule_id,
    schedules.schedule_name,
    schedules.time_zone,
    past.starts_minute,
    past.ends_minute,
    past.valid_from,
    past.valid_to,
    past.loaded_at,
    past.parse_errors
from past
left join schedules on past.schedule_id = schedules.schedule_id
