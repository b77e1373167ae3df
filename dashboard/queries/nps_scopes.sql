-- NPS of the roles, segments and regions side by side; who has no known role comes last.
select
    scope_type,
    scope_value as item,
    nps as value,
    ci_low as low,
    ci_high as high,
    responses as n,
    reach_rate,
    response_rate,
    is_reportable
from company_nps
where
    scope_type <> 'company'
    and period_end = (select max(newest.period_end) from company_nps as newest)
order by scope_type, case when scope_value = 'unknown' then 1 else 0 end, scope_value
