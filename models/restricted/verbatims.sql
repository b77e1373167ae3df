-- Grain: one row per answer of a customer with words in it. Who answered as an employee, or in a survey that nobody said is for customers,
-- is not here: in a small team the way of writing names the writer.
with answers as (

    select
        *,
        coalesce(survey_response_id, response_id) as session_id
    from {{ ref('int_survey__responses_checked') }}

),

customer_sessions as (

    select
        source_vendor,
        session_id,
        min(survey_family) as survey_family
    from answers
    group by source_vendor, session_id
    having
        min(survey_family) is not null
        and count(case when survey_family = 'employee' or employee_ref is not null or is_test then 1 end) = 0

),

written as (

    select
        *,
        row_number() over (
            partition by source_vendor, response_id order by loaded_at desc nulls last, {{ byte_order('comment_text') }}
        ) as copy_number
    from {{ ref('int_survey__verbatims_unioned') }}
    where comment_text is not null

)

select
    written.source_vendor,
    written.response_id,
    answers.survey_id,
    customer_sessions.survey_family,
    cast({{ dbt.date_trunc('month', reporting_date('answers.responded_at')) }} as date) as answered_month,
    written.comment_text
from written
inner join answers
    on
        written.source_vendor = answers.source_vendor
        and written.response_id = answers.response_id
        and answers.copy_number = 1
        and answers.quarantine_reason is null
inner join customer_sessions
    on answers.source_vendor = customer_sessions.source_vendor and answers.session_id = customer_sessions.session_id
where written.copy_number = 1
