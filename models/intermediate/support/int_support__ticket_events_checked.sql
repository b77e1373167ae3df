-- Grain: one row per landed event of a ticket. Events of tickets that are deleted or set aside
-- themselves are sound here and lead nowhere.
{{ config(materialized='table') }}

with tickets as (

    select
        source_vendor,
        ticket_id,
        requester_ref,
        created_at,
        created_second
    from {{ ref('int_support__tickets_checked') }}
    where copy_number = 1 and ticket_id is not null

),

events as (

    select
        events.*,
        tickets.ticket_id as known_ticket_id,
        tickets.created_second,
        tickets.created_at as ticket_created_at,
        tickets.requester_ref,
        {{ copy_number('events.source_vendor, events.event_id', [
            'events.occurred_at desc nulls last', 'events.loaded_at desc nulls last', 'events.ticket_id', 'events.event_type',
            'events.value', 'events.actor_id', 'events.actor_type', 'events.is_public', 'events.is_automated', 'events.parse_errors nulls first',
        ]) }} as copy_number
    from {{ ref('int_support__ticket_events_unioned') }} as events
    left join tickets on events.source_vendor = tickets.source_vendor and events.ticket_id = tickets.ticket_id

),

checked as (

    select
        *,
        {{ quarantine_reason([
            ['missing_key', 'event_id is null or ticket_id is null or event_type is null'],
            ['duplicate_key', 'copy_number > 1'],
            ['unparseable_value', 'parse_errors is not null'],
            ['missing_time', 'occurred_at is null'],
            ['implausible_time', is_before_plausible('occurred_at')],
            ['after_as_of_date', is_after_as_of('occurred_at')],
            ['unknown_ticket', 'known_ticket_id is null'],
            ['impossible_order', 'occurred_at < created_second'],
        ]) }} as quarantine_reason,
        -- an author of unknown kind is a removed agent rather than a second customer
        coalesce(
            event_type = 'comment'
            and is_public
            and coalesce(is_automated, false) = false
            and coalesce(actor_type, 'agent') = 'agent'
            and actor_id <> coalesce(requester_ref, ''),
            false
        ) as is_outbound
    from events

)

-- millions of sound rows need no record_id and payload
select
    source_vendor,
    event_id,
    ticket_id,
    event_type,
    occurred_at,
    actor_id,
    actor_type,
    is_public,
    is_automated,
    lower(value) as value_key,
    value,
    is_outbound,
    is_outbound and coalesce(occurred_at > ticket_created_at, false) as is_reply,
    loaded_at,
    quarantine_reason,
    case when quarantine_reason is not null then {{ record_id('event_id') }} end as record_id,
    case when quarantine_reason is not null then {{ payload(['event_id', 'ticket_id', 'event_type', 'occurred_at', 'parse_errors']) }} end
        as payload
from checked
