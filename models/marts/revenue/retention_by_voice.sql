-- Sums of account_retention. An account whose price is not known at either end is counted and left out. Intervals of GRR and NRR are those
-- of a ratio of sums over accounts: the residual of an account is what it pays less the ratio times what it paid. As shares of the
-- sums of the scope the residuals are no larger than 1, whatever the currency.
with accounts as (

    select * from {{ ref('account_retention') }}

),

scoped as (

    {{ in_scopes('accounts', {'segment': 'segment', 'nps_class': 'nps_class', 'health_band': 'health_band'}) }}

),

sums as (

    select
        period_end,
        start_date,
        scope_type,
        scope_value,
        count(case when is_priced then 1 end) as accounts,
        count(case when not is_priced then 1 end) as unpriced_accounts,
        count(case when is_churned then 1 end) as churned_accounts,
        cast(coalesce(sum(case when is_priced then start_mrr end), 0) as numeric(18, 2)) as start_mrr,
        cast(coalesce(sum(case when is_priced then end_mrr end), 0) as numeric(18, 2)) as end_mrr,
        cast(coalesce(sum(kept_mrr), 0) as numeric(18, 2)) as kept_mrr
    from scoped
    group by period_end, start_date, scope_type, scope_value

),

residuals as (

    select
        sums.period_end,
        sums.scope_type,
        sums.scope_value,
        {{ residual_squares('scoped.kept_mrr', 'sums.kept_mrr', 'scoped.start_mrr', 'sums.start_mrr') }} as kept_squares,
        {{ residual_squares('scoped.end_mrr', 'sums.end_mrr', 'scoped.start_mrr', 'sums.start_mrr') }} as end_squares
    from sums
    inner join scoped
        on
            sums.period_end = scoped.period_end
            and sums.scope_type = scoped.scope_type
            and sums.scope_value = scoped.scope_value
            and scoped.is_priced
    group by sums.period_end, sums.scope_type, sums.scope_value

),

ratios as (

    select
        sums.*,
        {{ share_of('sums.kept_mrr', 'sums.start_mrr') }} as grr,
        {{ share_of('sums.end_mrr', 'sums.start_mrr') }} as nrr,
        {%- for name, measure in [('grr', 'kept'), ('nrr', 'end')] %}
        {{ ratio_half_width('sums.' ~ measure ~ '_mrr', 'sums.start_mrr', 'residuals.' ~ measure ~ '_squares', 'sums.accounts') }}
            as {{ name }}_half_width,
        {%- endfor %}
        {{ rate_with_interval('churn', 'sums.churned_accounts', 'sums.accounts') }}
    from sums
    left join residuals
        on
            sums.period_end = residuals.period_end
            and sums.scope_type = residuals.scope_type
            and sums.scope_value = residuals.scope_value

),

rates as (

    select
        *,
        {{ rounded(clip('(grr - grr_half_width)', '0.0', '1.0')) }} as grr_ci_low,
        {{ rounded(clip('(grr + grr_half_width)', '0.0', '1.0')) }} as grr_ci_high,
        {{ rounded('nrr - nrr_half_width') }} as nrr_ci_low,
        {{ rounded('nrr + nrr_half_width') }} as nrr_ci_high
    from ratios

)

select
    rates.period_end,
    rates.start_date,
    rates.scope_type,
    rates.scope_value,
    rates.accounts,
    rates.churned_accounts,
    rates.unpriced_accounts,
    rates.start_mrr,
    rates.end_mrr,
    rates.kept_mrr,
    rates.grr,
    rates.grr_ci_low,
    rates.grr_ci_high,
    rates.nrr,
    rates.nrr_ci_low,
    rates.nrr_ci_high,
    rates.churn_rate,
    rates.churn_ci_low,
    rates.churn_ci_high,
    {%- for name, value in [('grr', 'grr'), ('nrr', 'nrr'), ('churn', 'churn_rate')] %}
    {{ difference_with_interval(
        name,
        {'value': 'rates.' ~ value, 'bounds': 'rates.' ~ name},
        {'value': 'detractors.' ~ value, 'bounds': 'detractors.' ~ name}
    ) }},
    {%- endfor %}
    {{ is_reportable('rates.accounts') }} as is_reportable
from rates
left join rates as detractors
    on
        rates.period_end = detractors.period_end
        and rates.scope_type = 'nps_class'
        and rates.scope_value <> 'detractor'
        and detractors.scope_type = 'nps_class'
        and detractors.scope_value = 'detractor'
