-- One row: the team with the widest delivery gap in the last month that has one; of reportable teams, among equals the lower id.
with

gaps as (

    select
        *,
        row_number() over (order by period_end desc, delivery_gap desc, team_id asc) as gap_number
    from {{ ref('service_kpis') }}
    where delivery_gap is not null and is_reportable and is_csat_reportable and team_name is not null

)

select
    period_end,
    team_name,
    delivery_gap,
    sla_attainment,
    csat_rate,
    csat_responses
from gaps
where gap_number = 1
