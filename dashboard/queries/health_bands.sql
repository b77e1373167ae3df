-- Customers and their revenue by band, worst first.
select
    reported_band as item,
    sum(arr) as value,
    count(*) as n
from account_health_latest
where is_customer
group by reported_band
order by min(health_score) nulls last, reported_band
