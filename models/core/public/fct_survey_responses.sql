-- Answers of customers. Of employees' answers nothing is public but what team_voe_csat shows of a team.
with responses as (select * from {{ ref('int_survey__responses') }}),

touchpoints as (

    select * from {{ ref('touchpoints') }}

),

teams as (

    select * from {{ ref('dim_teams') }}

)

select
    responses.response_id,
    responses.survey_response_id,
    responses.survey_id,
    responses.question_id,
    responses.invitation_id,
    responses.contact_key,
    responses.account_id,
    responses.contact_role,
    responses.role_as_of,
    responses.match_method,
    responses.agent_id,
    responses.team_id,
    case when responses.team_id is not null then responses.team_as_of end as team_as_of,
    responses.ticket_id,
    responses.survey_family,
    responses.metric,
    responses.touchpoint,
    touchpoints.journey_stage,
    coalesce(teams.department, touchpoints.department) as department,
    responses.segment,
    responses.region,
    responses.source_vendor,
    responses.nps_class,
    responses.is_vote,
    responses.raw_score,
    responses.scale_min,
    responses.scale_max,
    responses.score_pomp,
    responses.higher_is_better,
    responses.is_top_box,
    responses.is_low_score,
    responses.is_anonymous,
    responses.responded_at,
    responses.responded_date
from responses
left join touchpoints on responses.touchpoint = touchpoints.touchpoint
left join teams on responses.team_id = teams.team_id
