-- The company NPS changed: was it more than noise, and which accounts did it?
with company_nps as (

    select * from {{ ref('company_nps') }} where scope_type = 'company'

),

movers as (

    select * from {{ ref('nps_movers') }} where rank <= 10

),

accounts as (

    select * from {{ ref('dim_accounts') }}

)

select
    company_nps.nps,
    company_nps.nps_change,
    company_nps.is_significant,
    movers.rank,
    accounts.account_name,
    movers.arr,
    movers.responses,
    movers.contribution_change
from company_nps
inner join movers on company_nps.period_end = movers.period_end
inner join accounts on movers.account_id = accounts.account_id
where company_nps.period_end = {{ as_of_date_sql() }}
order by movers.rank
