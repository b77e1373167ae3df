-- Engagement of a month and CSAT of months before and after, every lag with its threshold.
select
    lag_months as item,
    correlation as value,
    -threshold as low,
    threshold as high,
    pairs as n,
    is_beyond_threshold
from voe_csat_lead_lag
order by lag_months
