with responses as (

    select
        *,
        -- of an employee the month alone: on a day with one answer whoever knows who answered would know it
        case when survey_family = 'employee' then cast({{ dbt.date_trunc('month', 'responded_date') }} as date) end as answered_month
    from {{ ref('int_survey__responses') }}

),

-- an employee who answers a survey in a month with hardly anybody else could be found by it
large_months as (

    select
        coalesce(survey_id, '') as survey_key,
        answered_month
    from responses
    where answered_month is not null
    group by 1, 2
    having count(distinct survey_response_id) >= {{ whole_number('anonymity_min_n') }}

),

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
    -- an employee's answer carries no invitation, team or agent here: small teams would be readable
    case when responses.survey_family <> 'employee' then responses.invitation_id end as invitation_id,
    responses.contact_key,
    responses.account_id,
    responses.contact_role,
    responses.role_as_of,
    responses.match_method,
    case when responses.survey_family <> 'employee' then responses.agent_id end as agent_id,
    case when responses.survey_family <> 'employee' then responses.team_id end as team_id,
    case when responses.survey_family <> 'employee' and responses.team_id is not null then responses.team_as_of end as team_as_of,
    case when responses.survey_family <> 'employee' then responses.ticket_id end as ticket_id,
    responses.survey_family,
    responses.metric,
    responses.touchpoint,
    touchpoints.journey_stage,
    case when responses.survey_family <> 'employee' then coalesce(teams.department, touchpoints.department) end as department,
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
    coalesce(cast(responses.answered_month as {{ dbt.type_timestamp() }}), responses.responded_at) as responded_at,
    coalesce(responses.answered_month, responses.responded_date) as responded_date
from responses
left join touchpoints on responses.touchpoint = touchpoints.touchpoint
left join teams on responses.team_id = teams.team_id
left join large_months
    on coalesce(responses.survey_id, '') = large_months.survey_key and responses.answered_month = large_months.answered_month
where responses.survey_family <> 'employee' or large_months.survey_key is not null
