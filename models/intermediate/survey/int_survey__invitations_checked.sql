-- Grain: one row per landed invitation, with its person and account found.
{{ config(materialized='table') }}

with invitations as (

    select
        *,
        {{ copy_number('invitation_id', [
            'loaded_at desc nulls last', 'sent_at desc nulls last', 'source_vendor', 'response_ref', 'survey_id', 'survey_family', 'touchpoint',
            'crm_contact_ref', 'external_contact_ref', 'email_key', 'account_ref', 'is_delivered', 'responded_at', 'agent_ref', 'team_ref',
            'ticket_ref',
        ]) }}
            as copy_number
    from {{ ref('int_survey__survey_invitations_unioned') }}

),

account_keys as (

    select * from {{ ref('int_crm__account_keys') }}

),

matched as (

    select
        invitations.*,
        {{ matched_contact('contact_id') }} as contact_id,
        {{ matched_contact_key('invitations') }} as contact_key
    from invitations
    {{ match_contact_joins('invitations') }}

),

current_accounts as (

    select
        contact_id,
        account_id
    from {{ ref('int_crm__contact_role_versions') }}
    where role_as_of = 'current'

),

deleted_tickets as (

    select distinct ticket_id from {{ ref('int_support__tickets_checked') }} where copy_number = 1 and is_deleted

),

-- a survey's family and touchpoint, where all its scored questions agree
survey_purposes as (

    select
        source_vendor,
        survey_id,
        case when count(distinct survey_family) = 1 then min(survey_family) end as survey_family,
        case when count(distinct touchpoint) = 1 then min(touchpoint) end as touchpoint
    from {{ ref('int_survey__questions_answered') }}
    where metric is not null
    group by source_vendor, survey_id

),

checked as (

    select
        matched.*,
        coalesce(account_keys.account_id, current_accounts.account_id) as account_id,
        coalesce({{ fold_case('matched.survey_family') }}, survey_purposes.survey_family) as purpose_family,
        coalesce(matched.touchpoint, survey_purposes.touchpoint) as purpose_touchpoint,
        {{ rated_agent('matched') }} as agent_id,
        {{ rated_team() }} as team_id,
        {{ quarantine_reason([
            ['missing_key', 'matched.invitation_id is null'],
            ['duplicate_key', 'matched.copy_number > 1'],
            ['unparseable_value', 'matched.parse_errors is not null'],
            ['missing_time', 'matched.sent_at is null'],
            ['deleted_ticket', 'deleted_tickets.ticket_id is not null'],
            ['implausible_time', is_before_plausible('matched.sent_at')],
            ['after_as_of_date', is_after_as_of('matched.sent_at')],
        ] + account_reasons('matched.account_ref', 'account_keys.account_key', 'account_keys.account_id')) }} as quarantine_reason
    from matched
    left join account_keys on matched.account_ref = account_keys.account_key
    left join current_accounts on matched.contact_id = current_accounts.contact_id
    left join deleted_tickets on matched.ticket_ref = deleted_tickets.ticket_id
    {{ ticket_holder_joins('matched', 'sent_at') }}
    left join survey_purposes
        on matched.source_vendor = survey_purposes.source_vendor and matched.survey_id = survey_purposes.survey_id

)

select
    *,
    {{ record_id('invitation_id') }} as record_id,
    coalesce(
        {{ payload(
            ['invitation_id', 'survey_id', 'parse_errors'],
            when="quarantine_reason is not null and purpose_family = 'employee'",
            without_texts=true,
        ) }},
        {{ payload(
            ['invitation_id', 'survey_id', 'sent_at', 'account_ref', 'parse_errors'],
            when="quarantine_reason is not null and coalesce(purpose_family, '') <> 'employee'",
        ) }}
    ) as payload
from checked
