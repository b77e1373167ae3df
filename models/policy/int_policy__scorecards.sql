-- Grain: one row per period end and scorecard valid on it. scorecard_version is the date of the
-- newest row set in force and a fingerprint of all that weighs a band: signals, pillars, bands,
-- renewal statuses, and the roles behind account NPS. Who edits a weight in place has made a new
-- version too, and every row says so.
{{ config(materialized='table') }}

{%- set settings = [] %}
{%- for key, days in var('signal_window_days') | dictsort %}{% do settings.append(key ~ '=' ~ days) %}{% endfor %}
{%- do settings.append('min_score_coverage=' ~ share('min_score_coverage')) %}
{%- do settings.append('nps_window_days=' ~ whole_number('nps_window_days')) %}

with scorecards as (

    select
        period_end,
        scorecard,
        max(scorecard_from) as scorecard_from,
        max(signals_from) as signals_from,
        {{ sorted_list(spelled(['pillar', 'signal'], numbers=['pillar_weight', 'signal_weight', 'score_0_at', 'score_100_at'])) }}
            as content
    from {{ ref('int_policy__scorecard_signals') }}
    group by period_end, scorecard

),

bands as (

    select
        period_end,
        max(valid_from) as valid_from,
        {{ sorted_list(spelled(['band'], numbers=['score_from', 'score_below'])) }} as content
    from {{ ref('int_policy__bands') }}
    group by period_end

),

renewal_scores as (

    select
        period_end,
        max(valid_from) as valid_from,
        {{ sorted_list(spelled(['renewal_status'], numbers=['score'])) }} as content
    from {{ ref('int_policy__renewal_scores') }}
    group by period_end

),

role_weights as (

    select
        periods.period_end,
        max(schemes.valid_from) as valid_from,
        {{ sorted_list(spelled(['schemes.weight_scheme', 'schemes.contact_role'], numbers=['schemes.role_weight'])) }} as content
    from {{ ref('int_periods') }} as periods
    inner join {{ ref('int_policy__weight_schemes') }} as schemes on {{ counts_on('schemes', 'periods.period_end') }}
    group by periods.period_end

),

combined as (

    select
        scorecards.period_end,
        scorecards.scorecard,
        greatest(
            scorecards.scorecard_from,
            scorecards.signals_from,
            bands.valid_from,
            role_weights.valid_from,
            coalesce(renewal_scores.valid_from, scorecards.scorecard_from)
        ) as newest_from,
        scorecards.scorecard || '|' || scorecards.content || '|' || bands.content || '|'
        || coalesce(renewal_scores.content, '') || '|' || role_weights.content || '|{{ settings | join(';') }}' as content
    from scorecards
    inner join bands on scorecards.period_end = bands.period_end
    inner join role_weights on scorecards.period_end = role_weights.period_end
    left join renewal_scores on scorecards.period_end = renewal_scores.period_end

)

select
    period_end,
    scorecard,
    cast(newest_from as {{ dbt.type_string() }}) || ' ' || substring({{ dbt.hash('content') }}, 1, 8) as scorecard_version
from combined
