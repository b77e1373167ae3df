-- Grain: one row per period end and account: its scores with the band they make, and the band that
-- is reported, which a person may have set for a while. Of two overrides in force (references that
-- lead to one account) the later one counts.
{{ config(materialized='table') }}

with pillar_scores as (

    select * from {{ ref('int_health__pillar_scores') }}

),

accounts as (

    select
        period_end,
        account_id,
        segment,
        owner_id,
        arr,
        is_customer
    from {{ ref('int_health__signal_values') }}

),

bands as (

    select * from {{ ref('int_policy__bands') }}

),

overrides as (

    select
        periods.period_end,
        overrides.*,
        row_number() over (
            partition by periods.period_end, overrides.account_id
            order by overrides.starts_at desc, overrides.expires_at desc, {{ byte_order('overrides.record_id') }}
        ) as override_number
    from {{ ref('int_health__overrides_checked') }} as overrides
    inner join {{ ref('int_periods') }} as periods
        on
            overrides.starts_at < {{ day_close('periods.period_end') }}
            and overrides.expires_at >= {{ day_close('periods.period_end') }}
    where overrides.quarantine_reason is null

),

banded as (

    select
        pillar_scores.*,
        coalesce(bands.band, 'insufficient_signal') as health_band
    from pillar_scores
    left join bands
        on
            pillar_scores.period_end = bands.period_end
            and {{ coverage_is_enough('pillar_scores.score_coverage', 'min_score_coverage') }}
            and {{ in_band('pillar_scores.health_score', 'bands') }}

)

select
    accounts.segment,
    accounts.owner_id,
    accounts.arr,
    accounts.is_customer,
    banded.*,
    coalesce(overrides.band, banded.health_band) as reported_band,
    overrides.reason as override_reason,
    overrides.expires_at as override_expires_at
from banded
inner join accounts on banded.period_end = accounts.period_end and banded.account_id = accounts.account_id
left join overrides
    on
        banded.period_end = overrides.period_end
        and banded.account_id = overrides.account_id
        and overrides.override_number = 1
