-- Promises kept, satisfaction and ease of each team and month, one rate per row.
with teams as (
    select
        service_kpis.*,
        coalesce(service_kpis.team_name, service_kpis.team_id) as item
    from service_kpis
)

select
    period_end,
    item,
    'first_reply_sla' as measure,
    first_reply_sla_rate as value,
    first_reply_sla_ci_low as low,
    first_reply_sla_ci_high as high,
    first_reply_sla_tickets as n,
    is_reportable,
    1 as place
from teams
union all
select
    period_end,
    item,
    'resolution_sla' as measure,
    resolution_sla_rate as value,
    resolution_sla_ci_low as low,
    resolution_sla_ci_high as high,
    resolution_sla_tickets as n,
    is_reportable,
    2 as place
from teams
union all
select
    period_end,
    item,
    'csat' as measure,
    csat_rate as value,
    csat_ci_low as low,
    csat_ci_high as high,
    csat_responses as n,
    is_csat_reportable as is_reportable,
    3 as place
from teams
union all
select
    period_end,
    item,
    'ces_easy' as measure,
    easy_rate as value,
    easy_ci_low as low,
    easy_ci_high as high,
    ces_responses as n,
    is_csat_reportable as is_reportable,
    4 as place
from teams
order by period_end, item, place
