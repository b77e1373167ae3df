-- Grain: one row per landed answer to a poll. An NPS poll says so itself; what the others measure, and on which scale, says the policy seed
-- survey_questions, by guide and poll. Pendo has no sessions: an answer stands for itself.
{{ config(enabled=is_listed('survey', 'pendo')) }}

select
    response_id,
    response_id as survey_response_id,
    survey_id,
    is_survey_known,
    poll_id as question_id,
    case when is_nps then 'nps' end as detected_metric,
    cast(null as {{ sql_type('string') }}) as metric,
    cast(null as {{ sql_type('string') }}) as survey_family,
    cast(null as {{ sql_type('string') }}) as touchpoint,
    raw_score,
    cast(null as {{ sql_type('double precision') }}) as scale_min,
    cast(null as {{ sql_type('double precision') }}) as scale_max,
    cast(null as boolean) as higher_is_better,
    cast(null as {{ sql_type('double precision') }}) as top_box_from,
    responded_at,
    cast(null as {{ sql_type('string') }}) as crm_contact_ref,
    external_contact_ref,
    respondent_email,
    cast(null as {{ sql_type('string') }}) as employee_ref,
    account_ref,
    cast(null as {{ sql_type('string') }}) as other_account_ref,
    cast(null as {{ sql_type('string') }}) as invitation_ref,
    cast(null as {{ sql_type('string') }}) as agent_ref,
    cast(null as {{ sql_type('string') }}) as team_ref,
    cast(null as {{ sql_type('string') }}) as ticket_ref,
    false as is_test,
    loaded_at,
    parse_errors
from {{ ref('stg_pendo__poll_answers') }}
