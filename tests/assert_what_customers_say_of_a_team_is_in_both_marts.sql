-- Claim: beside SLA and beside engagement stand all answers that customers gave about the team in the month, and no others.
with answers as (

    select
        {{ month_period('responded_date') }} as period_end,
        coalesce(team_id, 'unknown') as team_id,
        count(case when metric = 'csat' then 1 end) as csat_responses,
        count(case when metric = 'csat' and is_top_box then 1 end) as csat_top_box,
        count(case when metric = 'ces' then 1 end) as ces_responses
    from {{ ref('fct_survey_responses') }}
    where survey_family = 'transactional'
    group by 1, 2

),

counted as (

    select
        answers.*,
        periods.is_month_end and answers.team_id <> 'unknown' as is_beside_engagement
    from answers
    inner join {{ ref('int_periods') }} as periods on answers.period_end = periods.period_end

)

select
    counted.*,
    service.csat_rate as csat_beside_sla,
    employees.csat_rate as csat_beside_engagement
from counted
left join {{ ref('service_kpis') }} as service
    on counted.period_end = service.period_end and counted.team_id = service.team_id
left join {{ ref('team_voe_csat') }} as employees
    on counted.period_end = employees.period_end and counted.team_id = employees.team_id
where
    counted.csat_responses is distinct from service.csat_responses
    or counted.ces_responses is distinct from service.ces_responses
    or abs(counted.csat_top_box - coalesce(service.csat_rate, 0) * counted.csat_responses) > 0.000001
    or (
        counted.is_beside_engagement
        and (
            counted.csat_responses is distinct from employees.csat_responses
            or counted.ces_responses is distinct from employees.ces_responses
            or service.csat_rate is distinct from employees.csat_rate
            or service.ces_score_pomp is distinct from employees.ces_score_pomp
        )
    )
