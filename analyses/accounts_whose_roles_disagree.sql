-- Where do buyers and users of an account see us differently, largest revenue first?
with account_nps as (

    select * from {{ ref('account_nps') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

)

select
    accounts.account_name,
    account_nps.arr,
    account_nps.decision_maker_nps,
    account_nps.manager_nps,
    account_nps.user_nps,
    account_nps.account_nps,
    account_nps.pooled_nps,
    account_nps.role_spread
from account_nps
inner join accounts on account_nps.account_id = accounts.account_id
where account_nps.period_end = {{ as_of_date_sql() }} and account_nps.has_role_conflict
order by account_nps.arr desc nulls last, account_nps.account_id
