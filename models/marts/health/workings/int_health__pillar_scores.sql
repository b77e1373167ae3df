-- Grain: one row per period end and account: the score of each pillar, the weight of its signals
-- that are there, and the health score of the pillars that are there.
{{ config(materialized='table') }}
{%- set earlier_periods = 'partition by account_id order by period_end rows between unbounded preceding and 1 preceding' %}

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

),

-- a late source explains the pillar of an account that was heard of before
pillars_known_before as (

    select
        period_end,
        {%- for pillar in health_pillars() %}
        max({{ pillar }}_score) over ({{ earlier_periods }}) is not null as {{ pillar }},
        {%- endfor %}
        account_id
    from pillars

)

select
    pillars.*,
    {{ any_pillar('%s_is_stale = 1') }} as has_stale_signals,
    {{ any_pillar('pillars.%s_is_stale = 1 and pillars.%s_score is null and pillars_known_before.%s') }} as lacks_stale_pillars,
    {{ as_double(score_coverage()) }} as score_coverage,
    {{ health_score() }} as health_score,
    {{ health_score_bound(0) }} as score_low_bound,
    {{ health_score_bound(100) }} as score_high_bound
from pillars
inner join pillars_known_before
    on pillars.period_end = pillars_known_before.period_end and pillars.account_id = pillars_known_before.account_id
