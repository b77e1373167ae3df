-- Grain: one row per survey that somebody answered or that policy names, with what it is for. One question that is asked of employees
-- makes it a survey of employees; family and touchpoint are told where all its scored questions agree.
{{ config(materialized='table') }}

with questions as (

    select
        source_vendor,
        survey_id,
        metric,
        survey_family,
        touchpoint,
        is_of_employees
    from {{ ref('int_survey__questions_answered') }}
    where survey_id is not null

    union all

    select
        source_vendor,
        survey_id,
        metric,
        {{ family_of('survey_family', 'metric') }} as survey_family,
        touchpoint,
        not {{ is_of_customers(family_of('survey_family', 'metric')) }} as is_of_employees
    from {{ ref('survey_questions') }}

)

select
    source_vendor,
    survey_id,
    max(case when is_of_employees then 1 else 0 end) = 1 as is_of_employees,
    count(metric) > 0 as is_scored,
    max(case when metric = 'nps' and survey_family = 'relationship' then 1 else 0 end) = 1 as asks_nps,
    case
        when count(distinct case when metric is not null then survey_family end) = 1
            then min(case when metric is not null then survey_family end)
    end as survey_family,
    case
        when count(distinct case when metric is not null then touchpoint end) = 1 then min(case when metric is not null then touchpoint end)
    end as touchpoint
from questions
group by source_vendor, survey_id
