with scores as (

    select
        *,
        {{ pillar_contribution('usage') }} as usage_contribution,
        {{ pillar_contribution('voc') }} as voc_contribution,
        {{ pillar_contribution('commercial') }} as commercial_contribution,
        {{ pillar_contribution('service') }} as service_contribution
    from {{ ref('int_health__scores') }}

),

answers as (

    select * from {{ ref('int_health__answers_to_change_band') }}

),

children as (

    select * from {{ ref('int_health__child_scores') }}

)

select
    scores.period_end,
    scores.account_id,
    scores.segment,
    scores.owner_id,
    scores.arr,
    scores.is_customer,
    scores.scorecard,
    scores.scorecard_version,
    scores.usage_score,
    scores.voc_score,
    scores.commercial_score,
    scores.service_score,
    scores.usage_contribution,
    scores.voc_contribution,
    scores.commercial_contribution,
    scores.service_contribution,
    scores.score_coverage,
    scores.signal_coverage,
    scores.health_score,
    {{ shown_score('scores.health_score') }} as health_score_shown,
    scores.score_low_bound,
    scores.score_high_bound,
    scores.health_band,
    scores.reported_band,
    scores.override_reason,
    scores.override_expires_at,
    previous.reported_band as previous_band,
    {{ rounded('scores.health_score - previous.health_score') }} as health_score_change,
    {%- for pillar in health_pillars() %}
    {{ twelve_decimals('scores.' ~ pillar ~ '_contribution - previous.' ~ pillar ~ '_contribution') }} as {{ pillar }}_change,
    {%- endfor %}
    coalesce(scores.scorecard_version <> previous.scorecard_version, false) as is_version_change,
    scores.is_customer
    and (previous.account_id is null or not previous.is_customer or scores.reported_band <> previous.reported_band)
    and coalesce(scores.scorecard_version = previous.scorecard_version, true) as is_band_entry,
    answers.nearest_band,
    answers.answers_to_change_band,
    scores.has_stale_signals,
    coalesce(children.child_accounts, 0) as child_accounts,
    children.children_arr,
    children.children_health_score,
    children.worst_child_account_id,
    children.worst_child_score
from scores
inner join {{ ref('int_periods') }} as periods on scores.period_end = periods.period_end
left join scores as previous
    on periods.previous_period_end = previous.period_end and scores.account_id = previous.account_id
left join answers on scores.period_end = answers.period_end and scores.account_id = answers.account_id
left join children on scores.period_end = children.period_end and scores.account_id = children.account_id
