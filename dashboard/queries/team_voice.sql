-- Engagement and CSAT of teams that customers rate, both from 0 to 100, by month.
with service_teams as (
    select *
    from team_voe_csat
    where team_id in (select rated.team_id from team_voe_csat as rated where rated.csat_responses > 0)
)

select
    period_end,
    team_name as item,
    'engagement' as measure,
    engagement_score as value,
    null as low,
    null as high,
    respondents as n,
    is_suppressed
from service_teams
union all
select
    period_end,
    team_name as item,
    'csat' as measure,
    100.0 * csat_rate as value,
    100.0 * csat_ci_low as low,
    100.0 * csat_ci_high as high,
    csat_responses as n,
    false as is_suppressed
from service_teams
order by period_end, item, measure desc
