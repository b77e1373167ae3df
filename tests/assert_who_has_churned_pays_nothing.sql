-- Claim: from the day an account churned by billing, no period end finds it paying.
select
    outcomes.account_id,
    outcomes.outcome_date,
    revenue.period_end,
    revenue.arr
from {{ ref('account_outcomes') }} as outcomes
inner join {{ ref('int_billing__account_revenue') }} as revenue
    on outcomes.account_id = revenue.account_id and outcomes.outcome_date <= revenue.period_end
where
    outcomes.outcome = 'churned'
    and outcomes.outcome_source = 'billing'
    and coalesce(revenue.arr, 1) > 0
