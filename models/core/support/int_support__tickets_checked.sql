-- Grain: one row per landed ticket row. Deleted tickets are neither sound data nor errors: they
-- keep is_deleted, get no reason and go no further.
{{ config(materialized='table') }}

with tickets as (

    select
        *,
        requester_ref as crm_contact_ref,
        requester_ref as external_contact_ref,
        {{ copy_number('ticket_id', [
            'loaded_at desc nulls last', 'created_at desc nulls last', 'source_vendor', 'account_ref', 'status', 'requester_ref',
            'email_key', 'agent_id', 'team_id', 'topic', 'channel', 'ticket_type', 'severity', 'first_assigned_at', 'first_replied_at',
            'solved_at', 'reopens', 'has_reply_log', 'schedule_id', 'merged_into_ticket_id', 'is_merged', 'is_deleted',
        ]) }} as copy_number
    from {{ ref('int_support__tickets_unioned') }}

),

-- a log that solves a ticket before its creation contradicts the ticket, not only the event
logged_solves as (

    select
        source_vendor,
        ticket_id,
        min(occurred_at) as first_logged_solve_at
    from {{ ref('int_support__ticket_events_unioned') }}
    where event_type = 'status' and {{ fold_case('value') }} in ('solved', 'closed')
    group by source_vendor, ticket_id

),

account_keys as (

    select * from {{ ref('int_crm__account_keys') }}

),

matched as (

    select
        tickets.*,
        {{ matched_contact('contact_id') }} as contact_id,
        {{ matched_contact_key('tickets') }} as contact_key
    from tickets
    {{ match_contact_joins('tickets') }}

),

-- a ticket that names no account belongs to the account its requester had then
resolved as (

    select
        matched.*,
        account_keys.account_key as known_account_key,
        account_keys.account_id as named_account_id,
        case
            when matched.account_ref is not null then account_keys.account_id
            when then_roles.contact_id is not null then then_roles.account_id
            else current_roles.account_id
        end as account_id,
        {{ matched_team() }} as resolved_team_id,
        logged_solves.first_logged_solve_at,
        {{ dbt.date_trunc('second', 'matched.created_at') }} as created_second
    from matched
    left join account_keys on matched.account_ref = account_keys.account_key
    {{ contact_role_joins('matched', 'created_at') }}
    {{ match_team_joins('matched.team_id') }}
    left join logged_solves
        on matched.source_vendor = logged_solves.source_vendor and matched.ticket_id = logged_solves.ticket_id

),

checked as (

    select
        *,
        {{ quarantine_reason([
            ['missing_key', 'ticket_id is null'],
            ['duplicate_key', 'copy_number > 1'],
            ['deleted', 'is_deleted'],
            ['unparseable_value', 'parse_errors is not null'],
            ['missing_time', 'created_at is null'],
            ['implausible_time', is_before_plausible('created_at')],
            ['after_as_of_date', is_after_as_of('created_at')],
            [
                'impossible_order',
                smallest(['first_assigned_at', 'first_replied_at', 'solved_at', 'first_logged_solve_at']) ~ ' < created_second',
            ],
        ] + account_reasons('account_ref', 'known_account_key', 'named_account_id')) }} as first_reason
    from resolved

)

select
    *,
    case when first_reason <> 'deleted' then first_reason end as quarantine_reason,
    {{ record_id('ticket_id') }} as record_id,
    {{ payload([
        'ticket_id', 'account_ref', 'created_at', 'first_assigned_at', 'first_replied_at', 'solved_at',
        'first_logged_solve_at', 'parse_errors',
    ], when='first_reason is not null') }} as payload
from checked
