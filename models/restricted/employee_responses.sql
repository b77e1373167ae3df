-- Grain: one row per sound engagement answer of an employee.
select
    response_id,
    survey_response_id,
    survey_id,
    question_id,
    invitation_id,
    source_vendor,
    employee_ref as employee_id,
    team_id,
    raw_score,
    scale_min,
    scale_max,
    higher_is_better,
    {{ score_pomp('raw_score', 'scale_min', 'scale_max', 'higher_is_better') }} as score_pomp,
    responded_at,
    {{ reporting_date('responded_at') }} as responded_date
from {{ ref('int_survey__responses_checked') }}
where is_scored and quarantine_reason is null and survey_family = 'employee'
