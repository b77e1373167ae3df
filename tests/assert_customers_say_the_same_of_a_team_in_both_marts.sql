-- Claim: CSAT and CES of a team and month are the same beside its SLA and beside its engagement.
select
    employees.period_end,
    employees.team_id,
    employees.csat_rate as csat_beside_engagement,
    service.csat_rate as csat_beside_sla
from {{ ref('team_voe_csat') }} as employees
left join {{ ref('service_kpis') }} as service
    on employees.period_end = service.period_end and employees.team_id = service.team_id
where
    employees.csat_responses <> coalesce(service.csat_responses, 0)
    or employees.csat_rate is distinct from service.csat_rate
    or employees.ces_score_pomp is distinct from service.ces_score_pomp
