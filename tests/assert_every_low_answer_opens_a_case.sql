-- Claim: a case is an answer that asks for a call back, and every such answer is a case.
select
    answers.response_id,
    cases.case_id
from (select * from {{ ref('fct_survey_responses') }} where is_low_score) as answers
full outer join {{ ref('feedback_cases') }} as cases on answers.response_id = cases.case_id
where answers.response_id is null or cases.case_id is null
