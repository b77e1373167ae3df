-- Grain: one row per period end and band, with the bands next to it.
with bands as (

    select * from {{ ref('health_bands') }}

),

band_sets as (

    {{ row_sets('bands') }}

)

select
    periods.period_end,
    bands.band,
    bands.score_from,
    bands.score_below,
    lag(bands.band) over (partition by periods.period_end order by bands.score_from nulls first) as band_below,
    lead(bands.band) over (partition by periods.period_end order by bands.score_from nulls first) as band_above,
    bands.valid_from
from {{ ref('int_periods') }} as periods
inner join band_sets on {{ counts_on('band_sets', 'periods.period_end') }}
inner join bands on band_sets.valid_from = bands.valid_from
