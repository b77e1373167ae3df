-- Claim: a lag pools the engagement that team_voe_csat shows and nothing else: it has the pairs of those teams and months.
{{ config(tags=['k_anonymity']) }}

with shown as (

    select * from {{ ref('team_voe_csat') }} where not is_suppressed

),

pairs as (

    select
        lags.lag_months,
        count(csat_months.team_id) as pairs
    from {{ ref('voe_csat_lead_lag') }} as lags
    left join shown as engaged_months on engaged_months.engagement_score is not null
    left join {{ ref('team_voe_csat') }} as csat_months
        on
            engaged_months.team_id = csat_months.team_id
            and csat_months.csat_rate is not null
            and csat_months.period_end = cast({{ dbt.last_day(
                dbt.dateadd('month', 'lags.lag_months', dbt.date_trunc('month', 'engaged_months.period_end')), 'month'
            ) }} as date)
    group by lags.lag_months

)

select
    lags.lag_months,
    lags.pairs,
    pairs.pairs as shown_pairs
from {{ ref('voe_csat_lead_lag') }} as lags
inner join pairs on lags.lag_months = pairs.lag_months
where lags.pairs <> pairs.pairs
