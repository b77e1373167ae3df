-- NPS of the company by period; figures show the last row.
select
    period_end,
    nps as value,
    ci_low as low,
    ci_high as high,
    responses as n,
    nps_change,
    change_z,
    is_significant,
    revenue_weighted_nps,
    response_rate,
    asked_contacts,
    reach_rate,
    eligible_contacts,
    is_reportable
from company_nps
where scope_type = 'company'
order by period_end
