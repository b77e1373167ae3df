{%- set pillar_flags -%}
{%- for pillar in health_pillars() -%}
case when account_health.{{ pillar }}_score is not null then 1 else 0 end{{ " + " if not loop.last }}
{%- endfor -%}
{%- endset -%}
with accounts as (

    select * from {{ ref('dim_accounts') }}

),

account_health as (

    select * from {{ ref('account_health') }} where period_end = {{ as_of_date_sql() }}

),

pillar_scores as (

    select * from {{ ref('int_health__pillar_scores') }} where period_end = {{ as_of_date_sql() }}

)

select
    account_health.account_id,
    accounts.account_name,
    account_health.period_end,
    accounts.parent_account_id,
    account_health.segment,
    accounts.region,
    account_health.owner_id,
    accounts.is_key_account,
    account_health.is_customer,
    account_health.arr,
    accounts.renewal_date,
    accounts.renewal_status,
    account_health.scorecard,
    account_health.scorecard_version,
    account_health.usage_score,
    account_health.voc_score,
    account_health.commercial_score,
    account_health.service_score,
    account_health.usage_contribution,
    account_health.voc_contribution,
    account_health.commercial_contribution,
    account_health.service_contribution,
    account_health.score_coverage,
    account_health.signal_coverage,
    account_health.health_score,
    account_health.health_score_shown,
    account_health.score_low_bound,
    account_health.score_high_bound,
    account_health.health_band,
    account_health.reported_band,
    case
        when account_health.health_band <> 'insufficient_signal' then null
        when pillar_scores.lacks_stale_pillars then 'stale_source'
        when ({{ pillar_flags }}) = 0 then 'no_signals'
        when ({{ pillar_flags }}) = 1 then 'only_one_pillar'
        else 'low_coverage'
    end as no_score_reason,
    account_health.override_reason,
    account_health.override_expires_at,
    account_health.previous_band,
    account_health.health_score_change,
    account_health.usage_change,
    account_health.voc_change,
    account_health.commercial_change,
    account_health.service_change,
    account_health.coverage_change,
    account_health.pillars_gained,
    account_health.pillars_lost,
    account_health.band_turned_by,
    account_health.is_version_change,
    account_health.is_band_entry,
    account_health.nearest_band,
    account_health.answers_to_change_band,
    account_health.has_stale_signals,
    account_health.child_accounts,
    account_health.children_arr,
    account_health.children_health_score,
    account_health.worst_child_account_id,
    account_health.worst_child_score
from account_health
inner join accounts on account_health.account_id = accounts.account_id
inner join pillar_scores on account_health.account_id = pillar_scores.account_id
