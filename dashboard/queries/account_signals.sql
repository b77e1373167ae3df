-- Signals of each account at the newest period end, with the anchors that turn them into scores.
select
    account_id,
    pillar,
    signal as item,
    signal_value,
    score_0_at,
    score_100_at,
    signal_score as value,
    signal_weight,
    contribution,
    is_stale
from account_health_signals
where period_end = (select max(newest.period_end) from account_health_signals as newest)
order by account_id, pillar, signal
