-- Claim: what all accounts did, with the votes that belong to none, is the change of the company's NPS,
-- by stayers, joiners and leavers too; without a change there are no movers.
with movers as (

    select
        period_end,
        sum(contribution_change) as contribution_change,
        sum(stayers + joiners + leavers) as by_kind
    from {{ ref('nps_movers') }}
    group by period_end

)

select
    company.period_end,
    company.nps_change,
    movers.contribution_change,
    movers.by_kind
from {{ ref('company_nps') }} as company
left join movers on company.period_end = movers.period_end
where
    company.scope_type = 'company'
    and (
        (company.nps_change is null) <> (movers.period_end is null)
        or abs(company.nps_change - movers.contribution_change) > 1e-6
        or abs(company.nps_change - movers.by_kind) > 1e-6
    )
