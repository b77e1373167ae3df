-- Grain: one row per team and month of the history in which a customer answered about the team; `unknown` where none is named. The
-- answers of one account are not independent: intervals are those of the effective responses.
{{ config(materialized='table') }}

with answers as (

    select
        {{ month_period('responded_date') }} as period_end,
        coalesce(team_id, 'unknown') as team_id,
        {{ cluster_key('response_id') }} as cluster_key,
        metric,
        score_pomp,
        is_top_box
    from {{ ref('int_survey__responses') }}
    where survey_family = 'transactional'

),

clusters as (

    select
        period_end,
        team_id,
        count(case when metric = 'csat' then 1 end) as csat_responses,
        count(case when metric = 'csat' and is_top_box then 1 end) as csat_top_box,
        count(case when metric = 'ces' then 1 end) as ces_responses,
        count(case when metric = 'ces' and is_top_box then 1 end) as ces_top_box,
        sum({{ exact("case when metric = 'ces' then score_pomp end") }}) as ces_score_pomp
    from answers
    group by period_end, team_id, cluster_key

)

select
    clusters.period_end,
    clusters.team_id,
    {{ total('clusters.csat_responses') }} as csat_responses,
    {{ total('clusters.csat_top_box') }} as csat_top_box,
    {{ effective_cases('clusters.csat_top_box', 'clusters.csat_responses') }} as csat_effective_responses,
    {{ total('clusters.ces_responses') }} as ces_responses,
    {{ total('clusters.ces_top_box') }} as ces_top_box,
    {{ effective_cases('clusters.ces_top_box', 'clusters.ces_responses') }} as ces_effective_responses,
    {{ as_double('sum(clusters.ces_score_pomp)') }} / nullif({{ total('clusters.ces_responses') }}, 0) as ces_score_pomp
from clusters
inner join {{ ref('int_periods') }} as periods on clusters.period_end = periods.period_end
group by clusters.period_end, clusters.team_id
