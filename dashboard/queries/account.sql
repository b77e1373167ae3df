-- One row per account: where it stands.
with newest_nps as (
    select *
    from account_nps
    where period_end = (select max(newest.period_end) from account_nps as newest)
)

select
    dim_accounts.account_id,
    dim_accounts.account_name,
    coalesce(health.segment, dim_accounts.segment) as segment,
    dim_accounts.region,
    dim_accounts.industry,
    dim_accounts.owner_id,
    coalesce(health.arr, dim_accounts.arr) as arr,
    dim_accounts.renewal_date,
    dim_accounts.renewal_status,
    health.health_score_shown,
    health.score_low_bound,
    health.score_high_bound,
    health.score_coverage,
    health.reported_band,
    health.health_band,
    health.override_reason,
    health.answers_to_change_band,
    health.nearest_band,
    health.has_stale_signals,
    health.no_score_reason as no_band_reason,
    newest_nps.account_nps,
    newest_nps.ci_low,
    newest_nps.ci_high,
    newest_nps.nps_low_bound,
    newest_nps.nps_high_bound,
    newest_nps.role_weight_coverage,
    newest_nps.responses,
    newest_nps.nps_status,
    newest_nps.is_reportable,
    newest_nps.no_score_reason as no_nps_reason,
    newest_nps.definitions_disagree_in_sign,
    newest_nps.is_single_threaded,
    newest_nps.champion_left
from dim_accounts
left join account_health_latest as health on dim_accounts.account_id = health.account_id
left join newest_nps on dim_accounts.account_id = newest_nps.account_id
order by dim_accounts.account_id
