-- Every account, with what one has to know before calling.
with open_cases as (
    select
        account_id,
        count(*) as open_cases
    from case_worklist
    group by account_id
),

newest_nps as (
    select *
    from account_nps
    where period_end = (select max(newest.period_end) from account_nps as newest)
)

select
    dim_accounts.account_id,
    dim_accounts.account_name,
    coalesce(health.segment, dim_accounts.segment) as segment,
    dim_accounts.region,
    dim_accounts.owner_id,
    coalesce(health.arr, dim_accounts.arr) as arr,
    health.health_score_shown,
    health.reported_band,
    health.score_coverage,
    newest_nps.account_nps,
    newest_nps.responses,
    newest_nps.role_weight_coverage,
    newest_nps.nps_status,
    coalesce(open_cases.open_cases, 0) as open_cases,
    dim_accounts.renewal_date,
    health.is_customer
from dim_accounts
left join account_health_latest as health on dim_accounts.account_id = health.account_id
left join newest_nps on dim_accounts.account_id = newest_nps.account_id
left join open_cases on dim_accounts.account_id = open_cases.account_id
order by health.arr desc nulls last, dim_accounts.account_id
