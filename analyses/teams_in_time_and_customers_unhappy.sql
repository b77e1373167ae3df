-- Where is the service level green and the customer red? Teams and months with a gap of 20 points and more, widest first, with the
-- tickets that kept every promise and still got a bad answer.
select
    period_end,
    team_name,
    delivery_gap,
    sla_attainment,
    csat_rate,
    csat_ci_low,
    csat_ci_high,
    csat_responses,
    ces_score_pomp,
    sla_met_but_dissatisfied_tickets
from {{ ref('service_kpis') }}
where delivery_gap >= 20 and is_reportable and is_csat_reportable and team_name is not null
order by delivery_gap desc, period_end desc, team_id asc
