-- Service Cloud cases, for those who support customers there. Deleted cases are kept and flagged: they count nowhere, but their
-- events must not look like those of unknown ones.
{{ config(enabled=is_listed('support', 'salesforce')) }}
{%- set cases = landed('salesforce', 'case', in_demo=false) %}

select
    {{ field(cases, 'id', required=true) }} as ticket_id,
    {{ field(cases, 'account_id') }} as account_ref,
    {{ field(cases, 'contact_id') }} as requester_ref,
    {{ field(cases, ['contact_email', 'supplied_email']) }} as requester_email,
    {{ field(cases, 'owner_id') }} as agent_id,
    {{ field(cases, ['team_c', 'queue_id_c']) }} as team_id,
    {{ field(cases, ['topic_c', 'reason']) }} as topic,
    {{ fold_case(field(cases, 'origin')) }} as channel,
    {{ fold_case(field(cases, 'type')) }} as ticket_type,
    {{ fold_case(field(cases, 'priority')) }} as severity,
    case
        when {{ field(cases, 'is_closed', 'boolean') }} then 'closed'
        when {{ fold_case(field(cases, 'status')) }} in ('new', 'open', 'pending', 'hold', 'solved')
            then {{ fold_case(field(cases, 'status')) }}
        else 'open'
    end as status,
    {{ field(cases, 'created_date', 'timestamp') }} as created_at,
    cast(null as {{ sql_type('timestamp') }}) as first_assigned_at,
    {{ field(cases, 'first_response_at_c', 'timestamp') }} as first_replied_at,
    {{ field(cases, 'closed_date', 'timestamp') }} as solved_at,
    cast(null as {{ sql_type('bigint') }}) as reopens,
    true as has_reply_log,
    {{ field(cases, 'business_hours_id') }} as schedule_id,
    {{ field(cases, 'master_record_id') }} as merged_into_ticket_id,
    {{ field(cases, 'master_record_id') }} is not null as is_merged,
    {{ is_deleted(cases) }} as is_deleted,
    {{ loaded_at(cases) }} as loaded_at,
    {{ parse_errors(cases) }} as parse_errors
from {{ landed_from(cases) }}
where
    {{ live_rows(cases, keep_deleted=true) }}
