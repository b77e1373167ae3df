-- Grain: one row per period end, scorecard valid on it, and signal it weighs. A scorecard that
-- lists no signals of its own uses those of default.
{{ config(materialized='table') }}

with scorecards as (

    select * from {{ ref('health_scorecards') }}

),

signals as (

    select * from {{ ref('health_signals') }}

),

scorecard_sets as (

    {{ row_sets('scorecards', 'scorecard') }}

),

signal_sets as (

    {{ row_sets('signals', 'scorecard') }}

),

in_force as (

    {{ scorecards_in_force(ref('int_periods'), 'period_end') }}

)

select
    in_force.period_end,
    in_force.scorecard,
    in_force.scorecard_from,
    in_force.signals_from,
    scorecards.pillar,
    signals.signal,
    scorecards.weight as pillar_weight,
    signals.weight as signal_weight,
    signals.score_0_at,
    signals.score_100_at
from in_force
inner join scorecards
    on in_force.scorecard = scorecards.scorecard and in_force.scorecard_from = scorecards.valid_from
inner join signals
    on
        in_force.signals_of = signals.scorecard
        and in_force.signals_from = signals.valid_from
        and scorecards.pillar = signals.pillar
