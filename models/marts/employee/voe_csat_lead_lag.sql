-- Pearson r of what team_voe_csat shows: engagement of a team in one month and its CSAT lag_months later (before, where it is below
-- 0), each as the distance from the team's own mean over the pairs of that lag, all teams pooled.
{%- set lags = whole_number('lead_lag_months') %}
{%- set of_pairs = 'over (partition by engaged_months.lag_months, engaged_months.team_id)' %}

with shown as (

    select
        period_end,
        team_id,
        engagement_score,
        csat_rate
    from {{ ref('team_voe_csat') }}

),

numbers as (

    {{ dbt.generate_series(2 * lags + 1) }}

),

lags as (

    select cast(generated_number as {{ dbt.type_int() }}) - {{ lags + 1 }} as lag_months
    from numbers

),

engaged_months as (

    select
        lags.lag_months,
        shown.team_id,
        shown.engagement_score,
        cast({{ dbt.last_day(dbt.dateadd('month', 'lags.lag_months', dbt.date_trunc('month', 'shown.period_end')), 'month') }} as date)
            as csat_period_end
    from shown
    cross join lags
    where shown.engagement_score is not null

),

pairs as (

    select
        engaged_months.lag_months,
        engaged_months.engagement_score
        - {{ as_double('sum(' ~ exact('engaged_months.engagement_score') ~ ') ' ~ of_pairs) }} / count(*) {{ of_pairs }} as engagement,
        100.0 * csat_months.csat_rate
        - {{ as_double('sum(' ~ exact('100.0 * csat_months.csat_rate') ~ ') ' ~ of_pairs) }} / count(*) {{ of_pairs }} as csat
    from engaged_months
    inner join shown as csat_months
        on
            engaged_months.team_id = csat_months.team_id
            and engaged_months.csat_period_end = csat_months.period_end
    where csat_months.csat_rate is not null

),

sums as (

    select
        lag_months,
        count(*) as pairs,
        {{ as_double('sum(' ~ exact('engagement * csat') ~ ')') }} as products,
        {{ as_double('sum(' ~ exact('engagement * engagement') ~ ')') }} as engagement_squares,
        {{ as_double('sum(' ~ exact('csat * csat') ~ ')') }} as csat_squares
    from pairs
    group by lag_months

),

correlated as (

    select
        lags.lag_months,
        coalesce(sums.pairs, 0) as pairs,
        case
            when sums.engagement_squares > 0 and sums.csat_squares > 0
                then {{ twelve_decimals(clip('(sums.products / sqrt(sums.engagement_squares * sums.csat_squares))', '-1.0', '1.0')) }}
        end as correlation,
        {{ z_score() }} / sqrt({{ as_double('sums.pairs') }}) as threshold
    from lags
    left join sums on lags.lag_months = sums.lag_months

)

select
    cast(lag_months as {{ sql_type('bigint') }}) as lag_months,
    pairs,
    correlation,
    threshold,
    abs(correlation) >= threshold as is_beyond_threshold
from correlated
