-- Health of each account by period: what each pillar contributes, and what changed.
select
    account_id,
    period_end,
    health_score,
    health_score_shown,
    score_low_bound,
    score_high_bound,
    score_coverage,
    reported_band,
    usage_contribution,
    voc_contribution,
    commercial_contribution,
    service_contribution,
    health_score_change,
    usage_change,
    voc_change,
    commercial_change,
    service_change,
    coverage_change,
    is_version_change
from account_health
order by account_id, period_end
