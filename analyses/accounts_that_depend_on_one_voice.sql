-- Accounts with revenue at stake whose voice is one person, a silent buyer or a lost champion.
with account_nps as (

    select * from {{ ref('account_nps') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

)

select
    accounts.account_name,
    accounts.renewal_date,
    account_nps.arr,
    account_nps.responses,
    account_nps.eligible_contacts,
    account_nps.role_weight_coverage,
    account_nps.nps_low_bound,
    account_nps.nps_high_bound,
    account_nps.is_single_threaded,
    account_nps.champion_left,
    account_nps.decision_maker_nps is null as is_decision_maker_silent
from account_nps
inner join accounts on account_nps.account_id = accounts.account_id
where
    account_nps.period_end = {{ as_of_date_sql() }}
    and accounts.is_active
    and (account_nps.is_single_threaded or account_nps.champion_left or account_nps.decision_maker_nps is null)
order by account_nps.arr desc nulls last, account_nps.account_id
