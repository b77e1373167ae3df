-- Pearson r of what team_voe_csat shows: engagement of a team in one month and its CSAT lag_months later (before, where it is below
-- 0), all teams pooled. Each series is taken from its team's mean and linear trend first, for two that merely drift are alike at every lag.
-- The variance of r is Bartlett's: series that are like themselves a month later say less than as many independent months.
{%- set lags = whole_number('lead_lag_months') %}
{%- set longest_memory = 11 %}
{%- set fewest_pairs = 10 %}
{%- set of_team = 'over (partition by series, team_id)' %}

with shown as (

    select
        team_id,
        engagement_score,
        100.0 * csat_rate as csat,
        12 * cast(extract(year from period_end) as {{ dbt.type_int() }}) + cast(extract(month from period_end) as {{ dbt.type_int() }})
            as month_number
    from {{ ref('team_voe_csat') }}

),

figures as (

    select 'engagement' as series, team_id, month_number, engagement_score as figure from shown where engagement_score is not null
    union all
    select 'csat' as series, team_id, month_number, csat as figure from shown where csat is not null

),

centred as (

    select
        series,
        team_id,
        month_number,
        figure - {{ as_double('sum(' ~ exact('figure') ~ ') ' ~ of_team) }} / count(*) {{ of_team }} as figure,
        month_number - {{ as_double('sum(month_number) ' ~ of_team) }} / count(*) {{ of_team }} as month_at
    from figures

),

trends as (

    select
        *,
        {{ as_double('sum(' ~ exact('figure * month_at') ~ ') ' ~ of_team) }} as rise,
        {{ as_double('sum(' ~ exact('month_at * month_at') ~ ') ' ~ of_team) }} as run
    from centred

),

-- what is left of a straight line is nothing, not the last bit of a double
residuals as (

    select
        series,
        team_id,
        month_number,
        {{ twelve_decimals('figure - coalesce(rise / nullif(run, 0), 0) * month_at') }} as residual
    from trends

),

numbers as (

    {{ dbt.generate_series([2 * lags + 1, longest_memory] | max) }}

),

lags as (

    select cast(generated_number as {{ dbt.type_int() }}) - {{ lags + 1 }} as lag_months
    from numbers
    where generated_number <= {{ 2 * lags + 1 }}

),

pairs as (

    select
        lags.lag_months,
        engaged.team_id,
        engaged.residual as engagement,
        satisfied.residual as csat
    from lags
    cross join residuals as engaged
    inner join residuals as satisfied
        on engaged.team_id = satisfied.team_id and engaged.month_number + lags.lag_months = satisfied.month_number
    where engaged.series = 'engagement' and satisfied.series = 'csat'

),

sums as (

    select
        lag_months,
        count(*) as pairs,
        count(distinct team_id) as teams,
        {{ correlation_of('engagement', 'csat') }} as correlation
    from pairs
    group by lag_months

),

history as (

    select max(month_number) - min(month_number) + 1 as months from figures

),

-- up to a third of the months from the first to the last figure
memories as (

    select cast(numbers.generated_number as {{ dbt.type_int() }}) as months
    from numbers
    inner join history
        on numbers.generated_number <= {{ longest_memory }} and 3 * numbers.generated_number <= history.months

),

self_pairs as (

    select
        memories.months,
        earlier.series,
        earlier.residual as earlier_residual,
        later.residual as later_residual
    from memories
    cross join residuals as earlier
    inner join residuals as later
        on
            earlier.series = later.series
            and earlier.team_id = later.team_id
            and earlier.month_number + memories.months = later.month_number

),

self_correlations as (

    select
        months,
        series,
        {{ correlation_of('earlier_residual', 'later_residual') }} as correlation
    from self_pairs
    group by months, series

),

memory as (

    select
        1 + 2 * coalesce({{ as_double('sum(' ~ exact('engagement.correlation * csat.correlation') ~ ')') }}, 0) as inflation
    from self_correlations as engagement
    inner join self_correlations as csat on engagement.months = csat.months and csat.series = 'csat'
    where engagement.series = 'engagement'

),

-- of the most lags the table has, where more are asked for
critical as (

    select max(z) as z from {{ ref('lag_thresholds') }} where lags <= {{ 2 * lags + 1 }}

),

correlated as (

    select
        lags.lag_months,
        coalesce(sums.pairs, 0) as pairs,
        sums.correlation,
        {{ as_double('critical.z') }} as z,
        case
            when sums.pairs - 2 * sums.teams >= {{ fewest_pairs }}
                then sqrt({{ largest(['memory.inflation', '1.0']) }} / (sums.pairs - 2 * sums.teams))
        end as standard_error
    from lags
    cross join critical
    cross join memory
    left join sums on lags.lag_months = sums.lag_months

),

judged as (

    select
        *,
        {{ rounded('z * standard_error') }} as threshold,
        {{ rounded(z_score() ~ ' * standard_error') }} as threshold_one_lag
    from correlated

)

select
    cast(lag_months as {{ sql_type('bigint') }}) as lag_months,
    pairs,
    correlation,
    threshold,
    threshold_one_lag,
    abs(correlation) >= threshold as is_beyond_threshold
from judged
