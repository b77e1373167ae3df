-- Grain: one row per period end, account and signal of its scorecard, also where the signal is
-- missing. The scorecard is the one named as the account's segment of that day; where none is
-- valid, default.
with signal_values as (

    select * from {{ ref('int_health__signal_values') }}

),

scorecards as (

    select * from {{ ref('int_policy__scorecards') }}

),

scorecard_signals as (

    select
        *,
        {{ domain_of_signal() }} as domain
    from {{ ref('int_policy__scorecard_signals') }}

),

freshness as (

    select * from {{ ref('int_health__source_freshness') }}

),

signals as (

    select
        scorecard_signals.*,
        scorecards.scorecard_version,
        coalesce(freshness.is_stale, false) as is_stale
    from scorecard_signals
    inner join scorecards
        on scorecard_signals.period_end = scorecards.period_end and scorecard_signals.scorecard = scorecards.scorecard
    left join freshness
        on scorecard_signals.period_end = freshness.period_end and scorecard_signals.domain = freshness.domain

),

account_scorecards as (

    select
        signal_values.*,
        coalesce(scorecards.scorecard, 'default') as scorecard
    from signal_values
    left join scorecards
        on
            signal_values.period_end = scorecards.period_end
            and {{ fold_case('signal_values.segment') }} = {{ fold_case('scorecards.scorecard') }}

),

account_signals as (

    select
        accounts.period_end,
        accounts.account_id,
        accounts.renewal_status_as_of,
        signals.scorecard,
        signals.scorecard_version,
        signals.pillar,
        signals.pillar_weight,
        signals.signal,
        signals.signal_weight,
        signals.score_0_at,
        signals.score_100_at,
        signals.is_stale,
        {{ value_of_signal('accounts') }} as signal_value
    from account_scorecards as accounts
    inner join signals on accounts.period_end = signals.period_end and accounts.scorecard = signals.scorecard

)

select
    period_end,
    account_id,
    scorecard,
    scorecard_version,
    pillar,
    pillar_weight,
    signal,
    signal_weight,
    score_0_at,
    score_100_at,
    signal_value,
    {{ signal_score('signal_value', 'score_0_at', 'score_100_at') }} as signal_score,
    is_stale,
    -- the one signal that could tell a past period what became of the account
    case
        when signal_value is null then null
        when signal = 'renewal_status' then renewal_status_as_of
        else 'period'
    end as value_as_of
from account_signals
