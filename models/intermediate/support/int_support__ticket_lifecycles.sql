-- Grain: one row per ticket that the event log knows. Solved means solved or closed: a solve is a
-- change into it, a reopen a change out of it. A change in the same second follows the order of a
-- ticket's life. What happened after as_of_date counts only in so far as it had not happened then.
{{ config(materialized='table') }}

with tickets as (

    select
        source_vendor,
        ticket_id,
        created_at,
        requester_ref
    from {{ ref('int_support__tickets_checked') }}
    where quarantine_reason is null and is_deleted is not true

),

events as (

    select * from {{ ref('int_support__ticket_events_checked') }}

),

changes as (

    select
        source_vendor,
        ticket_id,
        event_type,
        occurred_at,
        event_id,
        value,
        value_key in ('solved', 'closed') as is_solved,
        case value_key
            when 'new' then 1
            when 'open' then 2
            when 'pending' then 3
            when 'hold' then 4
            when 'solved' then 5
            when 'closed' then 6
            else 0
        end as life_order
    from events
    where
        quarantine_reason is null
        and event_type in ('status', 'assignee', 'team', 'severity')
        and (event_type <> 'status' or value_key <> 'deleted')

),

ordered_changes as (

    select
        source_vendor,
        ticket_id,
        event_type,
        occurred_at,
        value,
        is_solved,
        lag(is_solved) over life as was_solved,
        lead(event_id) over life is null as is_latest
    from changes
    window life as (
        partition by source_vendor, ticket_id, event_type
        order by occurred_at, life_order, event_id
    )

),

lived as (

    select
        source_vendor,
        ticket_id,
        count(case when event_type = 'status' then 1 end) as status_changes,
        min(case when event_type = 'assignee' and value is not null then occurred_at end) as first_assigned_at,
        min(case when event_type = 'status' and is_solved and was_solved is not true then occurred_at end) as first_solved_at,
        max(case when event_type = 'status' and is_solved and was_solved is not true then occurred_at end) as last_solved_at,
        count(case when event_type = 'status' and is_solved and was_solved is not true then 1 end) as solves,
        count(case when event_type = 'status' and not is_solved and was_solved then 1 end) as reopens,
        max(case when event_type = 'status' and is_latest then lower(value) end) as status,
        max(case when event_type = 'assignee' and is_latest then value end) as agent_id,
        max(case when event_type = 'team' and is_latest then value end) as team_id,
        max(case when event_type = 'severity' and is_latest then lower(value) end) as severity
    from ordered_changes
    group by source_vendor, ticket_id

),

-- an author of unknown kind is a removed agent rather than a second customer
replies as (

    select
        events.source_vendor,
        events.ticket_id,
        min(events.occurred_at) as first_replied_at,
        count(*) as agent_replies
    from events
    inner join tickets on events.source_vendor = tickets.source_vendor and events.ticket_id = tickets.ticket_id
    where
        events.quarantine_reason is null
        and events.event_type = 'comment'
        and events.is_public
        and not coalesce(events.is_automated, false)
        and events.occurred_at > tickets.created_at
        and coalesce(events.actor_type, 'agent') = 'agent'
        and events.actor_id <> coalesce(tickets.requester_ref, '')
    group by events.source_vendor, events.ticket_id

),

logged as (

    select
        source_vendor,
        ticket_id,
        max(case when event_type = 'status' and quarantine_reason is not null then 1 else 0 end) as status_changed_later,
        max(case when event_type = 'assignee' and quarantine_reason is not null then 1 else 0 end) as agent_changed_later,
        max(case when event_type = 'team' and quarantine_reason is not null then 1 else 0 end) as team_changed_later,
        max(case when event_type = 'severity' and quarantine_reason is not null then 1 else 0 end) as severity_changed_later
    from events
    where quarantine_reason is null or quarantine_reason = 'after_as_of_date'
    group by source_vendor, ticket_id

)

select
    logged.source_vendor,
    logged.ticket_id,
    coalesce(lived.status_changes, 0) > 0 or logged.status_changed_later = 1 as has_status_log,
    lived.first_assigned_at,
    replies.first_replied_at,
    coalesce(replies.agent_replies, 0) as agent_replies,
    lived.first_solved_at,
    lived.last_solved_at,
    coalesce(lived.solves, 0) as solves,
    coalesce(lived.reopens, 0) as reopens,
    lived.status,
    lived.agent_id,
    lived.team_id,
    lived.severity,
    logged.status_changed_later = 1 as status_changed_later,
    logged.agent_changed_later = 1 as agent_changed_later,
    logged.team_changed_later = 1 as team_changed_later,
    logged.severity_changed_later = 1 as severity_changed_later
from logged
left join lived on logged.source_vendor = lived.source_vendor and logged.ticket_id = lived.ticket_id
left join replies on logged.source_vendor = replies.source_vendor and logged.ticket_id = replies.ticket_id
