-- The five accounts with the lowest reportable NPS at the last period; among equals the larger.
with

account_periods as (

    select
        *,
        dense_rank() over (order by period_end desc) as periods_back
    from {{ ref('account_nps') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

)

select
    accounts.account_name,
    accounts.segment,
    accounts.arr,
    account_periods.responses,
    account_periods.account_nps as nps,
    account_periods.ci_low,
    account_periods.ci_high
from account_periods
inner join accounts on account_periods.account_id = accounts.account_id
where
    account_periods.periods_back = 1
    and account_periods.is_reportable
    and account_periods.account_nps is not null
order by
    account_periods.account_nps asc,
    accounts.arr desc nulls last,
    account_periods.account_id asc
limit 5
