-- Claim: no account is in a band whose range does not hold its score, or in none while enough of
-- its score is known; a score lies within its bounds.
with health as (

    select
        *,
        cast(health_score as numeric(18, 6)) as score
    from {{ ref('account_health') }}

),

latest_bands as (

    select
        health.period_end,
        health.account_id,
        max(bands.valid_from) as valid_from
    from health
    inner join {{ ref('health_bands') }} as bands on health.period_end >= bands.valid_from
    group by health.period_end, health.account_id

)

select
    health.period_end,
    health.account_id,
    health.health_score,
    health.health_band
from health
inner join latest_bands on health.period_end = latest_bands.period_end and health.account_id = latest_bands.account_id
left join {{ ref('health_bands') }} as bands
    on latest_bands.valid_from = bands.valid_from and health.health_band = bands.band
where
    (health.health_score is null and health.health_band <> 'insufficient_signal')
    or (
        health.health_score is not null
        and health.score_coverage >= {{ share('min_score_coverage') }}
        and bands.band is null
    )
    or (health.score_coverage < {{ share('min_score_coverage') }} and health.health_band <> 'insufficient_signal')
    or health.score < bands.score_from
    or health.score >= bands.score_below
    or health.health_score < health.score_low_bound - 1e-6
    or health.health_score > health.score_high_bound + 1e-6
    or cast(health.health_score_shown as numeric(18, 6)) > health.score
    or cast(health.health_score_shown as numeric(18, 6)) + 0.1 <= health.score
