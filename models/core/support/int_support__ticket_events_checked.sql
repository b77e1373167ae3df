-- Grain: one row per landed event of a ticket. Events of tickets that are deleted or set aside
-- themselves are sound here and lead nowhere. Built by tickets: those whose landed events, or what these are judged by, are not what they
-- were built from, those with events after as_of_date, and those that share, or shared, an event's key with another.
{{ config(materialized=incremental(), incremental_strategy='parts', on_schema_change='sync_all_columns') }}
{%- set events = ref('int_support__ticket_events_unioned') %}
{%- set changed_tickets = changed_parts(
    "select ticket_id as part, landed_mark as mark from " ~ ref('int_support__landed_tickets'),
    "select ticket_id as part, sum(landed_mark) + max(ticket_mark) as mark from " ~ this ~ " group by source_vendor, ticket_id",
) %}
{%- set late_tickets =
    "select distinct ticket_id from " ~ this ~ " where " ~ is_after_as_of('occurred_at') ~ " or quarantine_reason = 'after_as_of_date'"
%}
{%- set changed = in_parts([
    ['ticket_id', changed_tickets],
    ['ticket_id', late_tickets],
], copies={'source': events, 'key': 'event_id', 'part': 'ticket_id', 'condition': '1 = 1'}) %}

with tickets as (

    select
        source_vendor,
        ticket_id,
        requester_ref,
        created_at,
        created_second,
        {{ ticket_mark() }} as ticket_mark
    from {{ ref('int_support__tickets_checked') }}
    where copy_number = 1 and ticket_id is not null

),

keyed as {{ inlined() }}(

    select
        *,
        {{ key_mark(['source_vendor', 'event_id']) }} as key_mark,
        {{ event_mark() }} as landed_mark
    from {{ events }}
    where {{ changed }}

),

repeated as (

    select key_mark
    from keyed
    group by key_mark
    having count(*) > 1

),

-- a window over all events takes longer than all the rest, so only those whose key is there twice go through one
numbered as (

    select
        *,
        1 as copy_number
    from keyed
    where key_mark not in (select repeated.key_mark from repeated)

    union all

    select
        *,
        {{ copy_number('source_vendor, event_id', [
            'occurred_at desc nulls last', 'loaded_at desc nulls last', 'ticket_id', 'event_type', 'value', 'actor_id', 'actor_type',
            'is_public', 'is_automated', 'parse_errors nulls first',
        ]) }} as copy_number
    from keyed
    where key_mark in (select repeated.key_mark from repeated)

),

events as (

    select
        numbered.*,
        tickets.ticket_id as known_ticket_id,
        tickets.created_second,
        tickets.created_at as ticket_created_at,
        tickets.requester_ref,
        coalesce(tickets.ticket_mark, 0) as ticket_mark
    from numbered
    left join tickets on numbered.source_vendor = tickets.source_vendor and numbered.ticket_id = tickets.ticket_id

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
        -- an author of unknown kind is nobody's agent
        coalesce(
            event_type = 'comment'
            and is_public
            and coalesce(is_automated, false) = false
            and actor_type = 'agent'
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
    {{ fold_case('value') }} as value_key,
    value,
    is_outbound,
    is_outbound and coalesce(occurred_at > ticket_created_at, false) as is_reply,
    loaded_at,
    quarantine_reason,
    ticket_mark,
    landed_mark,
    {{ row_mark(['landed_mark', 'ticket_mark', 'quarantine_reason']) }} as row_mark,
    '{{ recipe() }}' as recipe,
    case when quarantine_reason is not null then {{ record_id('event_id') }} end as record_id,
    case when quarantine_reason is not null then {{ payload(['event_id', 'ticket_id', 'event_type', 'occurred_at', 'parse_errors']) }} end
        as payload
from checked
