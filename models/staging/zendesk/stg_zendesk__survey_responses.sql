-- Grain: one row per answered rating question, or survey answered in words only. Zendesk states scale and metric itself: good is 1
-- and bad 0, the newer surveys run from 1 to 5 with the top box from 4. Words without a rating
-- have no metric and pass through.
{{ config(enabled=is_listed('survey', 'zendesk')) }}

select
    {{ zendesk_response_id() }} as response_id,
    survey_key as survey_response_id,
    survey_id,
    survey_id is not null as is_survey_known,
    question_id,
    cast(null as {{ sql_type('string') }}) as detected_metric,
    metric,
    'transactional' as survey_family,
    'ticket_solved' as touchpoint,
    raw_score,
    scale_min,
    scale_max,
    true as higher_is_better,
    top_box_from,
    responded_at,
    cast(null as {{ sql_type('string') }}) as crm_contact_ref,
    external_contact_ref,
    respondent_email,
    cast(null as {{ sql_type('string') }}) as employee_ref,
    account_ref,
    cast(null as {{ sql_type('string') }}) as other_account_ref,
    survey_key as invitation_ref,
    agent_ref,
    team_ref,
    ticket_ref,
    false as is_test,
    loaded_at,
    parse_errors
from {{ ref('stg_zendesk__ticket_surveys') }}
where is_answered
