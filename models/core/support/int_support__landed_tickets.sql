-- Grain: one row per vendor and ticket of its event log: the mark of its events, and of what they are judged by. Tells
-- int_support__ticket_events_checked which tickets have changed.
with events as (

    select
        source_vendor,
        ticket_id,
        {{ total(event_mark()) }} as events_mark
    from {{ ref('int_support__ticket_events_unioned') }}
    group by source_vendor, ticket_id

),

tickets as (

    select
        source_vendor,
        ticket_id,
        {{ ticket_mark() }} as ticket_mark
    from {{ ref('int_support__tickets_checked') }}
    where copy_number = 1 and ticket_id is not null

)

select
    events.source_vendor,
    events.ticket_id,
    events.events_mark + coalesce(tickets.ticket_mark, 0) as landed_mark
from events
left join tickets on events.source_vendor = tickets.source_vendor and events.ticket_id = tickets.ticket_id
