-- Grain: one row per satisfaction survey that was offered. The newer tables do not say when a
-- survey went out: without a created_at it is the first answer.
{{ config(enabled=is_listed('survey', 'zendesk')) }}

select
    survey_key as invitation_id,
    survey_id,
    'transactional' as survey_family,
    'ticket_solved' as touchpoint,
    cast(null as {{ sql_type('string') }}) as crm_contact_ref,
    external_contact_ref,
    respondent_email,
    account_ref,
    sent_at,
    true as is_delivered,
    responded_at,
    case when is_answered then survey_key end as response_ref,
    agent_ref,
    team_ref,
    ticket_ref,
    loaded_at,
    parse_errors
from {{ ref('stg_zendesk__ticket_surveys') }}
where question_number = 1 and survey_id is not null
