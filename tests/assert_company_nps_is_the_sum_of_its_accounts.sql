-- Claim: the contributions of all accounts and of the votes that belong to no account add up to
-- the company's NPS at every period end.
with movers as (

    select
        period_end,
        sum(contribution_after) as of_accounts
    from {{ ref('nps_movers') }}
    group by period_end

),

homeless as (

    select
        period_end,
        sum(promoters - detractors) as net_promoters
    from {{ ref('int_survey__nps_counts') }}
    where account_id is null
    group by period_end

)

select
    company.period_end,
    company.nps,
    movers.of_accounts,
    homeless.net_promoters
from {{ ref('company_nps') }} as company
left join movers on company.period_end = movers.period_end
left join homeless on company.period_end = homeless.period_end
where
    company.scope_type = 'company'
    and company.responses > 0
    and abs(
        company.nps
        - coalesce(movers.of_accounts, 0)
        - 100.0 * coalesce(homeless.net_promoters, 0) / company.responses
    ) > 1e-6
