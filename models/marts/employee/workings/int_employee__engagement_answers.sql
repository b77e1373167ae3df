-- Grain: one row per engagement answer of a completed month that belongs to a team: the one it names, else the one the person was in
-- then, of several the one joined last. The month that still runs is left out: whoever compares two days of it could read one answer.
with answers as (

    select
        response_id,
        coalesce(employee_id, survey_response_id) as respondent,
        employee_id,
        team_id,
        score_pomp,
        responded_at,
        {{ month_period('responded_date') }} as period_end
    from {{ ref('employee_responses') }}

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
            answers.employee_id = employees.employee_id
            and answers.responded_at >= employees.valid_from
            and (employees.valid_to is null or answers.responded_at < employees.valid_to)
    where answers.team_id is null

)

select
    answers.response_id,
    answers.period_end,
    coalesce(answers.team_id, spells.team_id) as team_id,
    answers.respondent,
    answers.score_pomp
from answers
inner join {{ ref('int_periods') }} as periods on answers.period_end = periods.period_end and periods.is_month_end
left join spells on answers.response_id = spells.response_id and spells.nth_latest = 1
where coalesce(answers.team_id, spells.team_id) is not null
