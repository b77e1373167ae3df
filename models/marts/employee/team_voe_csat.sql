with engagement as (

    select * from {{ ref('int_employee__engagement_shown') }}

),

people as (

    select * from {{ ref('int_employee__team_months') }}

),

voice as (

    select voice.*
    from {{ ref('int_service__team_voice') }} as voice
    inner join {{ ref('int_periods') }} as periods on voice.period_end = periods.period_end and periods.is_month_end

),

team_months as (

    select period_end, team_id from engagement
    union distinct
    select period_end, team_id from people
    union distinct
    select period_end, team_id from voice

)

select
    team_months.period_end,
    team_months.team_id,
    teams.team_name,
    teams.department,
    teams.parent_team_id,
    case
        when engagement.team_id is null then 0
        when not engagement.is_hidden then engagement.respondents
    end as respondents,
    case when not engagement.is_hidden then engagement.engagement_score end as engagement_score,
    coalesce(engagement.is_hidden, false) as is_suppressed,
    coalesce(voice.csat_responses, 0) as csat_responses,
    voice.csat_effective_responses,
    {{ rate_with_interval('csat', 'voice.csat_top_box', 'voice.csat_responses', effective='voice.csat_effective_responses') }},
    coalesce(voice.ces_responses, 0) as ces_responses,
    voice.ces_score_pomp,
    coalesce(people.headcount, 0) as headcount,
    coalesce(people.leavers, 0) as leavers,
    {{ rate_with_interval('attrition', 'people.leavers', 'people.people_in_month') }}
from team_months
inner join {{ ref('dim_teams') }} as teams on team_months.team_id = teams.team_id
left join engagement on team_months.period_end = engagement.period_end and team_months.team_id = engagement.team_id
left join people on team_months.period_end = people.period_end and team_months.team_id = people.team_id
left join voice on team_months.period_end = voice.period_end and team_months.team_id = voice.team_id
