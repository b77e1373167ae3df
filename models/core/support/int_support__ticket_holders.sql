-- Grain: one row per ticket whose log tells who held it, kind of holder (assignee or team) and stretch of time:
-- valid_from <= t < closed_at.
-- Before the first change, and where a change took the ticket from somebody and gave it to nobody, nobody held it.
{{ config(materialized='table') }}
{%- set in_order = 'partition by source_vendor, ticket_id, event_type order by occurred_at, event_id' %}

with changes as (

    select
        source_vendor,
        ticket_id,
        event_type as holder_type,
        case when event_type = 'assignee' then value end as agent_id,
        case when event_type = 'team' then value end as team_ref,
        occurred_at as valid_from,
        lead(occurred_at) over ({{ in_order }}) as closed_at,
        row_number() over ({{ in_order }}) as change_number
    from {{ ref('int_support__ticket_events_checked') }}
    where quarantine_reason is null and event_type in ('assignee', 'team')

),

stretches as (

    select
        source_vendor,
        ticket_id,
        holder_type,
        agent_id,
        team_ref,
        valid_from,
        closed_at
    from changes

    union all

    select
        source_vendor,
        ticket_id,
        holder_type,
        cast(null as {{ dbt.type_string() }}) as agent_id,
        cast(null as {{ dbt.type_string() }}) as team_ref,
        timestamp '1900-01-01 00:00:00' as valid_from,
        valid_from as closed_at
    from changes
    where change_number = 1

)

select
    stretches.source_vendor,
    stretches.ticket_id,
    stretches.holder_type,
    stretches.agent_id,
    {{ matched_team() }} as team_id,
    stretches.valid_from,
    stretches.closed_at
from stretches
{{ match_team_joins('stretches.team_ref') }}
where stretches.closed_at is null or stretches.valid_from < stretches.closed_at
