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

),

compared as (

    select
        scores.*,
        previous.account_id is not null as is_known_before,
        previous.is_customer as was_customer,
        previous.reported_band as previous_band,
        previous.override_reason is not null as was_overridden,
        previous.health_band = 'insufficient_signal' as had_no_band,
        {{ rounded('scores.health_score - previous.health_score') }} as health_score_change,
        {%- for pillar in health_pillars() %}
        {{ pillar_change(pillar, 'scores', 'previous') }} as {{ pillar }}_change,
        {%- endfor %}
        case when previous.account_id is not null then {{ pillars_only_in('scores', 'previous') }} end as pillars_gained,
        {{ pillars_only_in('previous', 'scores') }} as pillars_lost,
        coalesce(scores.scorecard_version <> previous.scorecard_version, false) as is_version_change
    from scores
    inner join {{ ref('int_periods') }} as periods on scores.period_end = periods.period_end
    left join scores as previous
        on periods.previous_period_end = previous.period_end and scores.account_id = previous.account_id

),

changed as (

    select
        *,
        {{ coverage_change() }} as coverage_change
    from compared

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
    scores.previous_band,
    scores.health_score_change,
    scores.usage_change,
    scores.voc_change,
    scores.commercial_change,
    scores.service_change,
    scores.coverage_change,
    scores.pillars_gained,
    scores.pillars_lost,
    case
        when scores.reported_band = scores.previous_band then null
        when scores.override_reason is not null then 'override'
        when scores.health_band = 'insufficient_signal' then 'insufficient_signal'
        when not scores.is_known_before then 'first_score'
        when scores.was_overridden then 'override_ended'
        when scores.is_version_change then 'scorecard'
        when scores.had_no_band then 'coverage'
        else {{ furthest_mover('scores') }}
    end as band_turned_by,
    scores.is_version_change,
    scores.is_customer
    and (not scores.is_known_before or not scores.was_customer or scores.reported_band <> scores.previous_band)
    and not scores.is_version_change as is_band_entry,
    answers.nearest_band,
    answers.answers_to_change_band,
    scores.has_stale_signals,
    coalesce(children.child_accounts, 0) as child_accounts,
    children.children_arr,
    children.children_health_score,
    children.worst_child_account_id,
    children.worst_child_score
from changed as scores
left join answers on scores.period_end = answers.period_end and scores.account_id = answers.account_id
left join children on scores.period_end = children.period_end and scores.account_id = children.account_id
