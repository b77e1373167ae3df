-- Grain: one row per landed answer, with what its question measures. The policy seed wins over
-- what the vendor says, which wins over the vendor's question type; no metric: not scored. A survey that the tool does not know any more
-- may have asked employees, so that the type of its question says nothing. is_of_employees: policy, the vendor or the metric says so.
with responses as (

    select * from {{ ref('int_survey__survey_responses_unioned') }}

),

survey_questions as (

    select * from {{ ref('survey_questions') }}

),

resolved as (

    select
        responses.*,
        coalesce(
            survey_questions.metric,
            {{ fold_case('responses.metric') }},
            case when responses.is_survey_known is not false then responses.detected_metric end
        ) as answered_metric,
        coalesce(survey_questions.survey_family, {{ fold_case('responses.survey_family') }}) as named_family,
        not {{ is_of_customers(fold_case('responses.survey_family')) }} as is_vendors_of_employees,
        survey_questions.question_id is not null as is_named_question,
        coalesce(survey_questions.touchpoint, responses.touchpoint) as answered_touchpoint,
        coalesce(survey_questions.scale_min, responses.scale_min) as named_min,
        coalesce(survey_questions.scale_max, responses.scale_max) as named_max,
        coalesce(survey_questions.higher_is_better, responses.higher_is_better) as named_direction,
        coalesce(survey_questions.top_box_from, responses.top_box_from) as named_top_box
    from responses
    left join survey_questions
        on
            responses.source_vendor = survey_questions.source_vendor
            and responses.survey_id = survey_questions.survey_id
            and responses.question_id = survey_questions.question_id

)

-- NPS has one scale; the others have none until somebody says so
select
    source_vendor,
    response_id,
    survey_response_id,
    survey_id,
    is_survey_known,
    question_id,
    is_named_question,
    answered_metric as metric,
    {{ family_of('named_family', 'answered_metric') }} as survey_family,
    coalesce(is_vendors_of_employees, false)
    or coalesce(not {{ is_of_customers(family_of('named_family', 'answered_metric')) }}, false)
    or coalesce(answered_metric = 'engagement', false) as is_of_employees,
    answered_touchpoint as touchpoint,
    raw_score,
    case when answered_metric = 'nps' then coalesce(named_min, 0) else named_min end as scale_min,
    case when answered_metric = 'nps' then coalesce(named_max, 10) else named_max end as scale_max,
    coalesce(named_direction, true) as higher_is_better,
    case when answered_metric = 'nps' then coalesce(named_top_box, 9) else named_top_box end as top_box_from,
    responded_at,
    crm_contact_ref,
    external_contact_ref,
    email_key,
    employee_ref,
    account_ref,
    other_account_ref,
    invitation_ref,
    agent_ref,
    team_ref,
    ticket_ref,
    is_test,
    loaded_at,
    parse_errors
from resolved
