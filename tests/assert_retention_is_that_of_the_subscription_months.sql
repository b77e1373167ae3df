-- Claim: the company's revenue of the start is what fct_subscription_months has for that month end, its classes and bands add up to it,
-- at the start and at the end.
with groups_of_accounts as (

    select
        period_end,
        start_date,
        scope_type,
        sum(start_mrr) as start_mrr,
        sum(end_mrr) as end_mrr,
        sum(accounts + unpriced_accounts) as accounts,
        sum(unpriced_accounts) as unpriced_accounts
    from {{ ref('retention_by_voice') }}
    group by period_end, start_date, scope_type

),

months as (

    select
        month_end,
        coalesce(sum(case when not has_unpriced_items then mrr end), 0) as mrr,
        count(*) as accounts
    from {{ ref('fct_subscription_months') }}
    where mrr is null or mrr > 0 or has_unpriced_items
    group by month_end

),

companies as (

    select * from groups_of_accounts where scope_type = 'company'

)

select
    groups_of_accounts.period_end,
    groups_of_accounts.scope_type,
    groups_of_accounts.accounts,
    months.accounts as paying_accounts
from groups_of_accounts
inner join companies on groups_of_accounts.period_end = companies.period_end
left join months on groups_of_accounts.start_date = months.month_end
where
    (groups_of_accounts.scope_type <> 'segment' and groups_of_accounts.start_mrr <> companies.start_mrr)
    or (groups_of_accounts.scope_type <> 'segment' and groups_of_accounts.end_mrr <> companies.end_mrr)
    or (companies.unpriced_accounts = 0 and companies.start_mrr <> months.mrr)
    or (companies.unpriced_accounts > 0 and companies.start_mrr > months.mrr)
    or (groups_of_accounts.scope_type <> 'segment' and groups_of_accounts.accounts <> coalesce(months.accounts, 0))
    or groups_of_accounts.start_mrr > companies.start_mrr
