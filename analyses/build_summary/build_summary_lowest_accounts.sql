-- The five accounts with the lowest reportable NPS at the last period, the larger first among equals.
with

reportable_accounts as (

    select * from {{ ref('account_nps') }}
    where
        is_reportable
        and account_nps is not null
        and period_end = (select max(period_end) from {{ ref('account_nps') }})

),

accounts as (

    select * from {{ ref('dim_accounts') }}

)

select
    accounts.account_name,
    accounts.segment,
    accounts.arr,
    reportable_accounts.account_nps as nps,
    reportable_accounts.ci_low,
    reportable_accounts.ci_high
from reportable_accounts
inner join accounts on reportable_accounts.account_id = accounts.account_id
order by
    reportable_accounts.account_nps asc,
    accounts.arr desc nulls last,
    reportable_accounts.account_id asc
limit 5
