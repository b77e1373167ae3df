-- NPS of each role of an account, most senior first.
select
    account_id,
    contact_role as item,
    nps as value,
    ci_low as low,
    ci_high as high,
    responses as n,
    eligible_contacts,
    reach_rate,
    response_rate,
    role_weight
from account_role_nps
where period_end = (select max(newest.period_end) from account_role_nps as newest)
order by account_id, seniority nulls last, contact_role
