-- Claim: the contributions of the pillars, and those of the signals, add up to the health score of
-- every account at every period end, and the changes by pillar and by coverage to its change; an
-- account without signals has no score.
with signals as (

    select
        period_end,
        account_id,
        sum(contribution) as contribution
    from {{ ref('account_health_signals') }}
    group by period_end, account_id

)

select
    health.period_end,
    health.account_id,
    health.health_score,
    signals.contribution
from {{ ref('account_health') }} as health
left join signals on health.period_end = signals.period_end and health.account_id = signals.account_id
where
    (health.health_score is null) <> (signals.contribution is null)
    or abs(health.health_score - signals.contribution) > 1.1e-6
    or abs(
        health.health_score
        - coalesce(health.usage_contribution, 0)
        - coalesce(health.voc_contribution, 0)
        - coalesce(health.commercial_contribution, 0)
        - coalesce(health.service_contribution, 0)
    ) > 1e-6
    or (health.health_score_change is null) <> (health.coverage_change is null)
    or abs(
        health.health_score_change
        - health.usage_change
        - health.voc_change
        - health.commercial_change
        - health.service_change
        - health.coverage_change
    ) > 1e-9
