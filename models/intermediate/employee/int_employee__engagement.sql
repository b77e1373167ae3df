-- Grain: one row per team and completed month in which somebody of the team answered an engagement item. An answer belongs to the
-- team it names, else to the team the person was in then: of several the one joined last. An answer that tells neither person nor
-- session counts in the score but is nobody: five items of one person are not five people. The month that still runs is left out:
-- whoever compares two days of it could read a single answer.
{{ config(materialized='table') }}

with answers as (

    select
        response_id,
        coalesce(employee_ref, survey_response_id) as respondent,
        employee_ref,
        team_id,
        score_pomp,
        responded_at,
        {{ month_period('responded_date') }} as period_end
    from {{ ref('int_survey__responses') }}
    where metric = 'engagement'

),

spells as (

    select
        answers.response_id,
        employees.team_id,
        row_number() over (
            partition by answers.response_id
            order by employees.valid_from desc nulls last, employees.team_id
        ) as nth_latest
    from answers
    inner join {{ ref('int_employee__employees') }} as employees
        on
            answers.employee_ref = employees.employee_id
            and answers.responded_at >= employees.valid_from
            and (employees.valid_to is null or answers.responded_at < employees.valid_to)
    where answers.team_id is null

),

placed as (

    select
        answers.period_end,
        coalesce(answers.team_id, spells.team_id) as team_id,
        answers.respondent,
        answers.score_pomp
    from answers
    inner join {{ ref('int_periods') }} as periods on answers.period_end = periods.period_end and periods.is_month_end
    left join spells on answers.response_id = spells.response_id and spells.nth_latest = 1

)

select
    period_end,
    team_id,
    count(distinct respondent) as respondents,
    {{ clip('(' ~ exact_mean('score_pomp') ~ ')', '0.0', '100.0') }} as engagement_score
from placed
where team_id is not null
group by period_end, team_id
