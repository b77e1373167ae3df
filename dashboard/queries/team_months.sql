-- Teams and months, newest first; hidden engagement stays hidden.
select
    period_end,
    team_name,
    department,
    engagement_score,
    respondents,
    is_suppressed,
    csat_rate,
    csat_ci_low,
    csat_ci_high,
    csat_responses,
    ces_score_pomp,
    ces_responses,
    headcount,
    attrition_rate
from team_voe_csat
order by period_end desc, team_name, team_id
