-- Rows set aside by reason on the newest day.
select
    reason as item,
    sum(records) as value
from quarantine_by_day
where
    records > 0
    and quarantined_on = (select max(newest.quarantined_on) from quarantine_by_day as newest)
group by reason
order by value desc, item
