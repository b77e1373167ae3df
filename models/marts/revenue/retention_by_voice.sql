-- Sums of account_retention. An account whose price is not known at either end is counted and left out.
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

)

select
    period_end,
    start_date,
    scope_type,
    scope_value,
    accounts,
    churned_accounts,
    unpriced_accounts,
    start_mrr,
    end_mrr,
    kept_mrr,
    {{ share_of('kept_mrr', 'start_mrr') }} as grr,
    {{ share_of('end_mrr', 'start_mrr') }} as nrr,
    {{ share_of('churned_accounts', 'accounts') }} as churn_rate,
    {{ is_reportable('accounts') }} as is_reportable
from sums
