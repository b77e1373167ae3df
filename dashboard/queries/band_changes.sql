-- Customers whose band changed since the period before, and the pillars that did it.
select
    account_id,
    account_name,
    owner_id,
    previous_band,
    reported_band,
    health_score_change,
    usage_change,
    voc_change,
    commercial_change,
    service_change,
    coverage_change,
    arr
from account_health_latest
where is_customer and is_band_entry
order by arr desc nulls last, account_id
