-- Scales are never pooled raw: CSAT is counted by the top box of each question, effort as percent of the most that its own scale
-- allows. Answers of a survey that names no touchpoint stand under `unknown`.
with answers as (

    select
        {{ month_period('responded_date') }} as period_end,
        coalesce(touchpoint, 'unknown') as touchpoint,
        {{ cluster_key('response_id') }} as cluster_key,
        metric,
        score_pomp,
        is_top_box,
        is_low_score
    from {{ ref('int_survey__responses') }}
    where survey_family = 'transactional'

),

clusters as (

    select
        period_end,
        touchpoint,
        metric,
        cluster_key,
        count(*) as responses,
        count(case when is_top_box then 1 end) as top_box_responses,
        count(case when is_low_score then 1 end) as low_responses,
        sum({{ exact('score_pomp') }}) as score_pomp
    from answers
    group by period_end, touchpoint, metric, cluster_key

),

counts as (

    select
        period_end,
        touchpoint,
        metric,
        {{ total('responses') }} as responses,
        {{ total('top_box_responses') }} as top_box_responses,
        {{ effective_cases('top_box_responses', 'responses') }} as effective_responses,
        {{ total('low_responses') }} as low_responses,
        {{ effective_cases('low_responses', 'responses') }} as low_effective_responses,
        {{ as_double('sum(score_pomp)') }} / {{ total('responses') }} as mean_score_pomp
    from clusters
    group by period_end, touchpoint, metric

)

select
    counts.period_end,
    periods.month_start as period_start,
    counts.touchpoint,
    counts.metric,
    touchpoints.touchpoint_name,
    touchpoints.journey_stage,
    touchpoints.department,
    counts.responses,
    counts.effective_responses,
    case when counts.metric = 'csat' then {{ share_of('counts.top_box_responses', 'counts.responses') }} end as csat_rate,
    case when counts.metric = 'ces' then {{ share_of('counts.top_box_responses', 'counts.responses') }} end as easy_rate,
    {{ wilson_bound('counts.top_box_responses', 'counts.responses', -1, 'counts.effective_responses') }} as ci_low,
    {{ wilson_bound('counts.top_box_responses', 'counts.responses', 1, 'counts.effective_responses') }} as ci_high,
    {{ clip('counts.mean_score_pomp', '0.0', '100.0') }} as mean_score_pomp,
    {{ rate_with_interval(
        'low_score', 'counts.low_responses', 'counts.responses', rate='low_score_share', effective='counts.low_effective_responses'
    ) }},
    {{ is_reportable('counts.responses') }} as is_reportable
from counts
inner join {{ ref('int_periods') }} as periods on counts.period_end = periods.period_end
left join {{ ref('touchpoints') }} as touchpoints on counts.touchpoint = touchpoints.touchpoint
