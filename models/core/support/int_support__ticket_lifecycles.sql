-- Grain: one row per ticket that the event log knows. Solved means solved or closed: a solve is a
-- change into it, a reopen a change out of it. A change in the same second follows the order of a
-- ticket's life. What happened after as_of_date counts only in so far as it had not happened then.
-- Built by tickets: those whose events are not those they were built from.
{{ config(materialized=incremental(), incremental_strategy='parts', on_schema_change='sync_all_columns') }}
{%- set is_of_life =
    "(quarantine_reason is null and (event_type <> 'status' or value_key <> 'deleted') or quarantine_reason = 'after_as_of_date')"
%}
{%- set changed_tickets = changed_parts(
    "select ticket_id as part, sum(row_mark) as mark from " ~ ref('int_support__ticket_events_checked')
    ~ " where " ~ is_of_life ~ " group by ticket_id",
    "select ticket_id as part, row_mark as mark from " ~ this,
) %}
{%- set in_order = 'partition by source_vendor, ticket_id, event_type order by occurred_at, life_order, event_id' %}

with events as {{ inlined() }}(

    select *
    from {{ ref('int_support__ticket_events_checked') }}
    where
        {{ is_of_life }}
        and {{ in_parts([['ticket_id', changed_tickets]]) }}

),

changes as (

    select
        source_vendor,
        ticket_id,
        event_type,
        occurred_at,
        event_id,
        value,
        row_mark,
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

),

ordered_changes as (

    select
        source_vendor,
        ticket_id,
        event_type,
        occurred_at,
        value,
        row_mark,
        is_solved,
        lag(is_solved) over ({{ in_order }}) as was_solved,
        lead(event_id) over ({{ in_order }}) is null as is_latest
    from changes

),

-- one pass over everything that tells of a ticket: joins of aggregates would be guesswork
marks as (

    select
        source_vendor,
        ticket_id,
        event_type,
        occurred_at,
        case when event_type in ('status', 'severity') then {{ fold_case('value') }} else value end as value,
        is_solved and was_solved is not true as is_solve,
        not is_solved and was_solved as is_reopen,
        is_latest,
        false as is_reply,
        false as is_later,
        row_mark
    from ordered_changes

    union all

    select
        source_vendor,
        ticket_id,
        event_type,
        occurred_at,
        cast(null as {{ dbt.type_string() }}) as value,
        false as is_solve,
        false as is_reopen,
        false as is_latest,
        is_reply and quarantine_reason is null as is_reply,
        quarantine_reason is not null as is_later,
        row_mark
    from events
    where
        quarantine_reason = 'after_as_of_date'
        or (quarantine_reason is null and event_type not in ('status', 'assignee', 'team', 'severity'))

),

lived as (

    select
        source_vendor,
        ticket_id,
        min(case when event_type = 'assignee' and value is not null then occurred_at end) as first_assigned_at,
        min(case when is_reply then occurred_at end) as first_replied_at,
        count(case when is_reply then 1 end) as agent_replies,
        min(case when event_type = 'status' and is_solve then occurred_at end) as first_solved_at,
        max(case when event_type = 'status' and is_solve then occurred_at end) as last_solved_at,
        count(case when event_type = 'status' and is_solve then 1 end) as solves,
        count(case when event_type = 'status' and is_reopen then 1 end) as reopens,
        max(case when event_type = 'status' and is_latest then value end) as status,
        max(case when event_type = 'assignee' and is_latest then value end) as agent_id,
        max(case when event_type = 'team' and is_latest then value end) as team_id,
        max(case when event_type = 'severity' and is_latest then value end) as severity,
        count(case when event_type = 'status' then 1 end) > 0 as has_status_log,
        count(case when event_type = 'status' and is_later then 1 end) > 0 as status_changed_later,
        count(case when event_type = 'assignee' and is_later then 1 end) > 0 as agent_changed_later,
        count(case when event_type = 'team' and is_later then 1 end) > 0 as team_changed_later,
        count(case when event_type = 'severity' and is_later then 1 end) > 0 as severity_changed_later,
        {{ total('row_mark') }} as row_mark,
        '{{ recipe() }}' as recipe
    from marks
    group by source_vendor, ticket_id

)

select * from lived
