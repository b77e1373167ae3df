-- Grain: one row per session (an answer without one is its own) that is an employee's, for its answer, question, survey, programme or
-- invitation says so.
{{ config(materialized='table') }}

with surveys as (

    select * from {{ ref('int_survey__surveys') }} where is_of_employees

),

answers as (

    select
        source_vendor,
        coalesce(survey_response_id, response_id) as session_id,
        survey_id,
        invitation_ref,
        is_of_employees or employee_ref is not null as says_employee
    from {{ ref('int_survey__questions_answered') }}
    where coalesce(survey_response_id, response_id) is not null

),

invitations as (

    select
        invitations.invitation_id,
        invitations.response_ref
    from {{ ref('int_survey__survey_invitations_unioned') }} as invitations
    left join surveys on invitations.source_vendor = surveys.source_vendor and invitations.survey_id = surveys.survey_id
    where surveys.survey_id is not null or not {{ is_of_customers(fold_case('invitations.survey_family')) }}

)

select distinct
    answers.source_vendor,
    answers.session_id
from answers
left join surveys on answers.source_vendor = surveys.source_vendor and answers.survey_id = surveys.survey_id
left join invitations as named on answers.invitation_ref = named.invitation_id
left join invitations as naming on answers.session_id = naming.response_ref
where
    answers.says_employee
    or surveys.survey_id is not null
    or named.invitation_id is not null
    or naming.response_ref is not null
