-- Grain: one row per month and ordered pair of teams with answers on satisfaction, so that every team finds all others beside it.
with teams as (

    select * from {{ ref('service_kpis') }} where csat_responses > 0 and team_id <> 'unknown'

)

select
    teams.period_end,
    teams.period_start,
    teams.team_id,
    others.team_id as other_team_id,
    teams.team_name,
    others.team_name as other_team_name,
    teams.csat_responses,
    others.csat_responses as other_csat_responses,
    teams.csat_rate,
    others.csat_rate as other_csat_rate,
    {{ difference_with_interval(
        'csat',
        {'value': 'teams.csat_rate', 'bounds': 'teams.csat'},
        {'value': 'others.csat_rate', 'bounds': 'others.csat'}
    ) }},
    teams.is_csat_reportable and others.is_csat_reportable as is_reportable
from teams
inner join teams as others on teams.period_end = others.period_end and teams.team_id <> others.team_id
