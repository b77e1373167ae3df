-- Grain: one row per landed invitation, with its person and account found. It went to a customer if something says so, and nothing says
-- that it went to an employee.
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
    where valid_from is null

),

deleted_tickets as (

    select distinct ticket_id from {{ ref('int_support__tickets_checked') }} where copy_number = 1 and is_deleted

),

surveys as (

    select * from {{ ref('int_survey__surveys') }}

),

-- what an invitation led to, named by either side
sessions as (

    select
        answers.source_vendor,
        coalesce(answers.survey_response_id, answers.response_id) as session_id,
        answers.invitation_ref,
        max(case when employee_sessions.session_id is not null then 1 else 0 end) as is_of_employee,
        max(case when {{ is_of_customers('answers.survey_family') }} then 1 else 0 end) as is_of_customer
    from {{ ref('int_survey__questions_answered') }} as answers
    left join {{ ref('int_survey__employee_sessions') }} as employee_sessions
        on
            answers.source_vendor = employee_sessions.source_vendor
            and coalesce(answers.survey_response_id, answers.response_id) = employee_sessions.session_id
    group by 1, 2, 3

),

led_to as (

    select invitation_id, max(is_of_employee) as is_of_employee, max(is_of_customer) as is_of_customer
    from (
        select invitations.invitation_id, sessions.is_of_employee, sessions.is_of_customer
        from invitations
        inner join sessions on invitations.response_ref = sessions.session_id
        union all
        select invitation_ref as invitation_id, is_of_employee, is_of_customer
        from sessions
        where invitation_ref is not null
    ) as links
    group by invitation_id

),

purposes as (

    select
        matched.*,
        coalesce(matched.touchpoint, surveys.touchpoint) as purpose_touchpoint,
        case
            when
                surveys.is_of_employees
                or led_to.is_of_employee = 1
                or not {{ is_of_customers(fold_case('matched.survey_family')) }}
                then 'employee'
            else coalesce({{ fold_case('matched.survey_family') }}, surveys.survey_family)
        end as purpose_family,
        coalesce(
            matched.survey_family is not null or surveys.is_scored or led_to.is_of_customer = 1, false
        ) as is_purpose_known
    from matched
    left join surveys on matched.source_vendor = surveys.source_vendor and matched.survey_id = surveys.survey_id
    left join led_to on matched.invitation_id = led_to.invitation_id

),

checked as (

    select
        purposes.*,
        coalesce(account_keys.account_id, current_accounts.account_id) as account_id,
        purposes.is_purpose_known and coalesce(purposes.purpose_family, '') <> 'employee' as is_to_customer,
        {{ rated_agent('purposes') }} as agent_id,
        {{ rated_team() }} as team_id,
        {{ quarantine_reason([
            ['missing_key', 'purposes.invitation_id is null'],
            ['duplicate_key', 'purposes.copy_number > 1'],
            ['unparseable_value', 'purposes.parse_errors is not null'],
            ['missing_time', 'purposes.sent_at is null'],
            ['deleted_ticket', 'deleted_tickets.ticket_id is not null'],
            ['implausible_time', is_before_plausible('purposes.sent_at')],
            ['after_as_of_date', is_after_as_of('purposes.sent_at')],
        ] + account_reasons('purposes.account_ref', 'account_keys.account_key', 'account_keys.account_id')) }} as quarantine_reason
    from purposes
    left join account_keys on purposes.account_ref = account_keys.account_key
    left join current_accounts on purposes.contact_id = current_accounts.contact_id
    left join deleted_tickets on purposes.ticket_ref = deleted_tickets.ticket_id
    {{ ticket_holder_joins('purposes', 'sent_at') }}

)

select
    *,
    {{ record_id('invitation_id') }} as record_id,
    -- of one that is an employee's, or nobody knows whose, the key alone
    {{ payload(
        ['invitation_id', 'survey_id', 'sent_at', 'account_ref', 'parse_errors'], when='quarantine_reason is not null and is_to_customer'
    ) }} as payload
from checked
