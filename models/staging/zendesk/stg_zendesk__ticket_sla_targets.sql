-- Grain: one row per ticket, applied policy and metric. A policy without a target of ours for the ticket's priority asks for
-- nothing; one applied to a ticket that is not there, or that had no version then, stands alone and without a metric.
{{ config(enabled=is_listed('support', 'zendesk')) }}
{%- set ticket = landed('zendesk', 'ticket') %}
{%- set applied = landed('zendesk', 'ticket_sla_policy') %}
{%- set target = landed('zendesk', 'sla_policy_metric_history') %}

with priorities as (

    select
        {{ field(ticket, 'id', required=true) }} as ticket_id,
        max({{ fold_case(field(ticket, 'priority')) }}) as severity
    from {{ landed_from(ticket, newest=true) }}
    where
        {{ live_rows(ticket, keep_deleted=true) }}
    group by 1

),

applied_policies as (

    select
        {{ field(applied, 'ticket_id', required=true) }} as ticket_id,
        {{ field(applied, 'sla_policy_id', required=true) }} as sla_policy_id,
        {{ field(applied, 'policy_applied_at', 'timestamp') }} as applied_at,
        {{ loaded_at(applied) }} as loaded_at,
        {{ parse_errors(applied) }} as parse_errors
    from {{ landed_from(applied) }}
    where
        {{ live_rows(applied) }}

),

targets as (

    select
        {{ field(target, 'sla_policy_id', required=true) }} as sla_policy_id,
        {{ field(target, 'sla_policy_updated_at', 'timestamp') }} as version_at,
        {{ fold_case(field(target, 'metric')) }} as policy_metric,
        {{ fold_case(field(target, 'priority')) }} as severity,
        {{ field(target, 'target', 'double precision') }} as target_minutes,
        {{ field(target, 'business_hours', 'boolean') }} as is_business_hours,
        {{ parse_errors(target) }} as parse_errors
    from {{ landed_from(target, newest=true) }}
    where
        {{ live_rows(target, history=true, keep_deleted=true) }}

),

version_times as (

    select distinct
        sla_policy_id,
        version_at
    from targets

),

versions as (

    select
        sla_policy_id,
        version_at,
        lead(version_at) over (partition by sla_policy_id order by version_at) as next_version_at
    from version_times

)

select
    applied_policies.ticket_id,
    case
        when targets.policy_metric = 'first_reply_time' then 'first_reply'
        when targets.policy_metric is not null then 'resolution'
    end as metric,
    targets.target_minutes,
    targets.is_business_hours,
    applied_policies.applied_at,
    applied_policies.loaded_at,
    {{ comma_list(['applied_policies.parse_errors', 'targets.parse_errors']) }} as parse_errors
from applied_policies
left join priorities on applied_policies.ticket_id = priorities.ticket_id
left join versions
    on
        applied_policies.sla_policy_id = versions.sla_policy_id
        and applied_policies.applied_at >= versions.version_at
        and (versions.next_version_at is null or applied_policies.applied_at < versions.next_version_at)
left join targets
    on
        versions.sla_policy_id = targets.sla_policy_id
        and versions.version_at = targets.version_at
        and priorities.severity = targets.severity
        and targets.policy_metric in ('first_reply_time', 'full_resolution_time', 'total_resolution_time')
where
    targets.policy_metric is not null
    or priorities.ticket_id is null
    or versions.sla_policy_id is null
