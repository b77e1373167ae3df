-- Grain: one row per ticket: opening minutes of its schedule from creation to the moments on
-- which its clocks stopped, or to the close of as_of_date while they run. Null without a usable
-- schedule.
{{ config(materialized='table') }}

with tickets as (

    select
        *,
        -- a solve ends the wait for a first reply too, unless the ticket was opened again
        case
            when first_replied_at is not null then first_replied_at
            when not has_reply_log then null
            when reopens > 0 and is_solved then solved_at
            when first_solved_at is not null and coalesce(reopens, 0) = 0 then first_solved_at
            when not is_solved then as_of_close
        end as reply_clock_at,
        case
            when solved_at is not null then solved_at
            when not is_solved then as_of_close
        end as resolution_clock_at
    from {{ ref('int_support__tickets') }}

),

calendar as (

    select * from {{ ref('int_support__business_calendar') }}

),

-- one row of the calendar each
located as (

    select
        tickets.ticket_id,
        tickets.created_at,
        tickets.reply_clock_at,
        tickets.resolution_clock_at,
        at_creation.opening_minutes_before as created_whole_minutes,
        {{ minutes_between('at_creation.starts_at', 'least(tickets.created_at, at_creation.open_until)') }}
            as created_part_minutes,
        at_reply.opening_minutes_before as reply_whole_minutes,
        {{ minutes_between('at_reply.starts_at', 'least(tickets.reply_clock_at, at_reply.open_until)') }}
            as reply_part_minutes,
        at_resolution.opening_minutes_before as resolution_whole_minutes,
        {{ minutes_between('at_resolution.starts_at', 'least(tickets.resolution_clock_at, at_resolution.open_until)') }}
            as resolution_part_minutes
    from tickets
    left join calendar as at_creation
        on
            tickets.source_vendor = at_creation.source_vendor
            and tickets.schedule_id = at_creation.schedule_id
            and cast(tickets.created_at as date) = at_creation.utc_date
            and tickets.created_at >= at_creation.starts_at
            and tickets.created_at < at_creation.ends_at
    left join calendar as at_reply
        on
            tickets.source_vendor = at_reply.source_vendor
            and tickets.schedule_id = at_reply.schedule_id
            and cast(tickets.reply_clock_at as date) = at_reply.utc_date
            and tickets.reply_clock_at >= at_reply.starts_at
            and tickets.reply_clock_at < at_reply.ends_at
    left join calendar as at_resolution
        on
            tickets.source_vendor = at_resolution.source_vendor
            and tickets.schedule_id = at_resolution.schedule_id
            and cast(tickets.resolution_clock_at as date) = at_resolution.utc_date
            and tickets.resolution_clock_at >= at_resolution.starts_at
            and tickets.resolution_clock_at < at_resolution.ends_at

)

select
    ticket_id,
    reply_clock_at,
    resolution_clock_at,
    {{ minutes_between('created_at', 'reply_clock_at') }} as reply_clock_minutes,
    {{ minutes_between('created_at', 'resolution_clock_at') }} as resolution_clock_minutes,
    cast(
        (reply_whole_minutes - created_whole_minutes)
        + round(cast(reply_part_minutes - created_part_minutes as numeric(18, 9)), 6)
        as {{ sql_type('double precision') }}
    ) as reply_clock_business_minutes,
    cast(
        (resolution_whole_minutes - created_whole_minutes)
        + round(cast(resolution_part_minutes - created_part_minutes as numeric(18, 9)), 6)
        as {{ sql_type('double precision') }}
    ) as resolution_clock_business_minutes
from located
