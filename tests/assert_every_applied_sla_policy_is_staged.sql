{{ config(enabled=is_listed('support', 'zendesk')) }}
-- Claim: an applied policy that led to no target has asked for nothing: its ticket is there, and so
-- is a version of the policy from before it was applied, without a target of ours for that priority.
{%- set ticket = landed('zendesk', 'ticket') %}
{%- set applied = landed('zendesk', 'ticket_sla_policy') %}
{%- set target = landed('zendesk', 'sla_policy_metric_history') %}

with applied_policies as (

    select
        {{ field(applied, 'ticket_id') }} as ticket_id,
        {{ field(applied, 'sla_policy_id') }} as sla_policy_id,
        {{ field(applied, 'policy_applied_at', 'timestamp') }} as applied_at
    from {{ landed_from(applied) }}
    where
        {{ live_rows(applied) }}

),

staged as (

    select distinct
        ticket_id,
        applied_at
    from {{ ref('stg_zendesk__ticket_sla_targets') }}

),

unstaged as (

    select applied_policies.*
    from applied_policies
    left join staged
        on
            applied_policies.ticket_id is not distinct from staged.ticket_id
            and applied_policies.applied_at is not distinct from staged.applied_at
    where staged.ticket_id is null and staged.applied_at is null

),

tickets as (

    select distinct {{ field(ticket, 'id') }} as ticket_id
    from {{ landed_from(ticket) }}
    where
        {{ live_rows(ticket, keep_deleted=true) }}

),

first_versions as (

    select
        {{ field(target, 'sla_policy_id') }} as sla_policy_id,
        min({{ field(target, 'sla_policy_updated_at', 'timestamp') }}) as first_version_at
    from {{ landed_from(target) }}
    where
        {{ live_rows(target, history=true, keep_deleted=true) }}
    group by 1

)

select unstaged.*
from unstaged
left join tickets on unstaged.ticket_id = tickets.ticket_id
left join first_versions
    on unstaged.sla_policy_id = first_versions.sla_policy_id and unstaged.applied_at >= first_versions.first_version_at
where tickets.ticket_id is null or first_versions.sla_policy_id is null
