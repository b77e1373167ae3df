-- Grain: one row per team and month of the history in which a customer answered about the team; `unknown` where none is named.
{{ config(materialized='table') }}

with answers as (

    select
        {{ month_period('responded_date') }} as period_end,
        coalesce(team_id, 'unknown') as team_id,
        metric,
        score_pomp,
        is_top_box
    from {{ ref('int_survey__responses') }}
    where survey_family = 'transactional'

)

select
    answers.period_end,
    answers.team_id,
    count(case when answers.metric = 'csat' then 1 end) as csat_responses,
    count(case when answers.metric = 'csat' and answers.is_top_box then 1 end) as csat_top_box,
    count(case when answers.metric = 'ces' then 1 end) as ces_responses,
    count(case when answers.metric = 'ces' and answers.is_top_box then 1 end) as ces_top_box,
    {{ exact_mean("case when answers.metric = 'ces' then answers.score_pomp end") }} as ces_score_pomp
from answers
inner join {{ ref('int_periods') }} as periods on answers.period_end = periods.period_end
group by answers.period_end, answers.team_id
