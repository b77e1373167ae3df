with signal_scores as (

    select * from {{ ref('int_health__signal_scores') }}

),

pillar_scores as (

    select * from {{ ref('int_health__pillar_scores') }}

)

select
    signals.period_end,
    signals.account_id,
    signals.scorecard,
    signals.scorecard_version,
    signals.pillar,
    signals.signal,
    signals.signal_value,
    signals.score_0_at,
    signals.score_100_at,
    signals.signal_score,
    {{ as_double('signals.signal_weight') }} as signal_weight,
    {{ as_double('signals.pillar_weight') }} as pillar_weight,
    case
        when signals.signal_score is not null
            then {{ twelve_decimals('signals.signal_score * ' ~ signal_share('signals', 'pillars')) }}
    end as contribution,
    signals.is_stale,
    signals.value_as_of
from signal_scores as signals
inner join pillar_scores as pillars
    on signals.period_end = pillars.period_end and signals.account_id = pillars.account_id
