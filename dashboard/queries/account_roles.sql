-- NPS of each role of an account, most senior first. The interval is the one that company_nps and account_nps
-- have: 1.96 standard errors about the adjusted score.
select
    account_id,
    contact_role as item,
    nps as value,
    case when responses > 0 then greatest(-100.0, nps_adjusted - 196.0 * sqrt(squared_error)) end as low,
    case when responses > 0 then least(100.0, nps_adjusted + 196.0 * sqrt(squared_error)) end as high,
    responses as n,
    eligible_contacts,
    reach_rate,
    response_rate,
    role_weight
from account_role_nps
where period_end = (select max(newest.period_end) from account_role_nps as newest)
order by account_id, seniority nulls last, contact_role
