-- Grain: one row per key by which a record may name an answer: its own, or that of its session. Landed is enough.
with answers as (

    select
        source_vendor,
        response_id,
        survey_response_id,
        coalesce(survey_response_id, response_id) as session_id
    from {{ ref('int_survey__survey_responses_unioned') }}

),

keys as (

    select
        source_vendor,
        session_id,
        response_id as answer_key
    from answers
    union all
    select
        source_vendor,
        session_id,
        survey_response_id as answer_key
    from answers

)

select
    keys.answer_key,
    max(case when employee_sessions.session_id is null then 0 else 1 end) = 1 as is_of_employees
from keys
left join {{ ref('int_survey__employee_sessions') }} as employee_sessions
    on keys.source_vendor = employee_sessions.source_vendor and keys.session_id = employee_sessions.session_id
where keys.answer_key is not null
group by keys.answer_key
