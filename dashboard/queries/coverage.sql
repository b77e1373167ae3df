-- How much of the customers' voice and health the figures stand on.
select
    count(*) as customers,
    sum(case when account_nps.is_reportable then 1 else 0 end) as nps_reportable,
    sum(case when health.reported_band <> 'insufficient_signal' then 1 else 0 end) as health_reportable,
    sum(case when health.has_stale_signals then 1 else 0 end) as stale_accounts,
    avg(case when account_nps.nps_status = 'roles_unknown' then 0 else account_nps.role_weight_coverage end) as mean_role_weight_coverage,
    avg(health.score_coverage) as mean_score_coverage
from account_health_latest as health
left join account_nps on health.account_id = account_nps.account_id and health.period_end = account_nps.period_end
where health.is_customer
having count(*) > 0
