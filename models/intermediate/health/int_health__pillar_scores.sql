-- Grain: one row per period end and account: the score of each pillar, the weight of its signals
-- that are there, and the health score of the pillars that are there.
{{ config(materialized='table') }}

with pillars as (

    select
        period_end,
        account_id,
        max(scorecard) as scorecard,
        max(scorecard_version) as scorecard_version,
        {%- for pillar in health_pillars() %}
        max(case when pillar = '{{ pillar }}' then pillar_weight end) as {{ pillar }}_weight,
        {{ present_signal_weight(pillar) }} as {{ pillar }}_signal_weight,
        {{ pillar_score(pillar) }} as {{ pillar }}_score,
        max(case when pillar = '{{ pillar }}' and is_stale then 1 else 0 end) as {{ pillar }}_is_stale,
        {%- endfor %}
        {{ signal_coverage() }} as signal_coverage
    from {{ ref('int_health__signal_scores') }}
    group by period_end, account_id

)

select
    pillars.*,
    {{ any_pillar('%s_is_stale = 1') }} as has_stale_signals,
    {{ any_pillar('%s_is_stale = 1 and %s_score is null') }} as lacks_stale_pillars,
    {{ as_double(score_coverage()) }} as score_coverage,
    {{ health_score() }} as health_score,
    {{ health_score_bound(0) }} as score_low_bound,
    {{ health_score_bound(100) }} as score_high_bound
from pillars
