-- Grain: one row per ticket that counts: sound and not deleted. Times come from the event log
-- where the vendor lands that kind of event and the log knows the ticket, else from the ticket.
-- A ticket that is open again has no solved_at. Where the log ends in a status that nobody knows, the ticket itself says whether it is
-- solved. Whether replies are known at all: not where they are kept elsewhere, nor of a vendor that names no author of a comment and no
-- time of a reply.
{{ config(materialized='table') }}
{%- set known_statuses = "('new', 'open', 'pending', 'hold', 'solved', 'closed', 'deleted')" %}
{%- set log_knows_status = "lifecycles.has_status_log and coalesce(lifecycles.status in " ~ known_statuses ~ ", true)" %}

with tickets as (

    select
        *,
        max(case when first_replied_at is not null then 1 else 0 end) over (partition by source_vendor) = 1 as vendor_times_replies
    from {{ ref('int_support__tickets_checked') }}
    where quarantine_reason is null and is_deleted is not true

),

lifecycles as (

    select * from {{ ref('int_support__ticket_lifecycles') }}

),

logs as (

    select
        source_vendor,
        max(case when event_type = 'assignee' then 1 else 0 end) as has_assignments,
        max(case when event_type = 'comment' and actor_type is not null then 1 else 0 end) as has_comments
    from {{ ref('int_support__ticket_events_checked') }}
    group by source_vendor

),

-- of the schedules that are still there the one made first is the default, whether it can be used or not
schedules as (

    select
        source_vendor,
        schedule_id,
        max(case when is_history_known or valid_from is not null then 1 else 0 end) = 1 as is_history_known,
        row_number() over (
            partition by source_vendor
            order by min(case when is_deleted or valid_to is not null then 1 else 0 end), min(created_at) nulls last, schedule_id
        ) as nth_made
    from {{ ref('int_support__schedules_checked') }}
    where schedule_id is not null
    group by source_vendor, schedule_id

),

-- words for a severity that policy sets targets for are kept
policy_severities as (

    select distinct severity from {{ ref('sla_targets') }}

),

lived as (

    select
        tickets.source_vendor,
        tickets.ticket_id,
        tickets.account_id,
        tickets.contact_id,
        tickets.contact_key,
        case when lifecycles.agent_changed_later then lifecycles.agent_id else tickets.agent_id end as agent_id,
        case when lifecycles.team_changed_later then {{ matched_team() }} else tickets.resolved_team_id end as team_id,
        tickets.topic,
        tickets.channel,
        tickets.ticket_type,
        case when lifecycles.severity_changed_later then lifecycles.severity else {{ fold_case('trim(tickets.severity)') }} end
            as named_severity,
        case
            when lifecycles.status in {{ known_statuses }} then lifecycles.status
            when lifecycles.status_changed_later or {{ is_after_as_of('tickets.solved_at') }} then 'open'
            else {{ fold_case('tickets.status') }}
        end as status,
        tickets.created_at,
        case
            when lifecycles.ticket_id is not null and logs.has_assignments = 1 then lifecycles.first_assigned_at
            when not {{ is_after_as_of('tickets.first_assigned_at') }} then tickets.first_assigned_at
        end as first_assigned_at,
        case
            when lifecycles.ticket_id is not null and logs.has_comments = 1 and tickets.has_reply_log is not false
                then lifecycles.first_replied_at
            when not {{ is_after_as_of('tickets.first_replied_at') }} then tickets.first_replied_at
        end as first_replied_at,
        case when logs.has_comments = 1 and tickets.has_reply_log is not false then lifecycles.agent_replies end as agent_replies,
        tickets.has_reply_log is not false and (coalesce(logs.has_comments = 1, false) or tickets.vendor_times_replies)
            as has_reply_log,
        case
            when {{ log_knows_status }} or lifecycles.solves > 0 then lifecycles.first_solved_at
            when tickets.reopens = 0 and not {{ is_after_as_of('tickets.solved_at') }} then tickets.solved_at
        end as first_solved_at,
        case
            when {{ log_knows_status }} then lifecycles.last_solved_at
            when not {{ is_after_as_of('tickets.solved_at') }} then tickets.solved_at
        end as last_solved_at,
        case when lifecycles.has_status_log then lifecycles.reopens else tickets.reopens end as reopens,
        coalesce(tickets.schedule_id, schedules.schedule_id) as schedule_id,
        case
            when tickets.schedule_id is not null
                then
                    case
                        when named_schedules.is_history_known then 'history'
                        when named_schedules.schedule_id is not null then 'current'
                    end
            when schedules.is_history_known then 'history'
            when schedules.schedule_id is not null then 'current'
        end as opening_hours_as_of,
        tickets.merged_into_ticket_id,
        coalesce(tickets.is_merged, false) or tickets.merged_into_ticket_id is not null as is_merged,
        {{ day_close(as_of_date_sql()) }} as as_of_close
    from tickets
    left join lifecycles on tickets.source_vendor = lifecycles.source_vendor and tickets.ticket_id = lifecycles.ticket_id
    left join logs on tickets.source_vendor = logs.source_vendor
    left join schedules on tickets.source_vendor = schedules.source_vendor and schedules.nth_made = 1
    left join schedules as named_schedules
        on tickets.source_vendor = named_schedules.source_vendor and tickets.schedule_id = named_schedules.schedule_id
    {{ match_team_joins('lifecycles.team_id') }}

),

severities as (

    select
        lived.*,
        coalesce(policy_severities.severity, {{ usual_severity('lived.named_severity') }}) as severity
    from lived
    left join policy_severities on lived.named_severity = policy_severities.severity

),

statused as (

    select
        *,
        coalesce(status in ('solved', 'closed'), last_solved_at is not null) as is_solved
    from severities

)

select
    source_vendor,
    ticket_id,
    account_id,
    contact_id,
    contact_key,
    agent_id,
    team_id,
    topic,
    channel,
    ticket_type,
    severity,
    status,
    is_solved,
    created_at,
    first_assigned_at,
    first_replied_at,
    agent_replies,
    has_reply_log,
    coalesce(first_solved_at, last_solved_at) as first_solved_at,
    case when is_solved then last_solved_at end as solved_at,
    reopens,
    schedule_id,
    opening_hours_as_of,
    merged_into_ticket_id,
    is_merged,
    as_of_close
from statused
