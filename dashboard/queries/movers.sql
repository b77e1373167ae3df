-- The accounts that moved the company's NPS most since the period before.
select
    nps_movers.rank,
    nps_movers.account_id,
    dim_accounts.account_name,
    nps_movers.responses,
    nps_movers.contribution_before,
    nps_movers.contribution_after,
    nps_movers.contribution_change,
    nps_movers.arr
from nps_movers
inner join dim_accounts on nps_movers.account_id = dim_accounts.account_id
where
    nps_movers.period_end = (select max(newest.period_end) from nps_movers as newest)
    and nps_movers.contribution_change <> 0
    and nps_movers.rank <= 20
order by nps_movers.rank
