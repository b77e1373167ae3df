-- Each team and month: SLA, CSAT, CES and the gap between what was delivered and what was felt.
select
    period_end,
    coalesce(team_name, team_id) as item,
    department,
    delivery_gap as value,
    csat_responses as n,
    coalesce(team_name, team_id) as team_name,
    delivery_gap,
    csat_responses,
    tickets,
    sla_attainment,
    csat_rate,
    ces_score_pomp,
    ces_responses,
    sla_met_but_dissatisfied_share,
    sla_and_csat_tickets,
    first_contact_resolution_rate,
    median_first_reply_minutes,
    median_resolution_minutes,
    is_csat_reportable as is_reportable
from service_kpis
order by period_end desc, item
