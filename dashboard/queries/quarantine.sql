-- Rows set aside by vendor, entity and reason on the newest day; none where all rows were sound.
select
    source_vendor,
    source_name,
    entity,
    reason,
    records,
    landed_records,
    share_of_landed
from quarantine_by_day
where quarantined_on = (select max(newest.quarantined_on) from quarantine_by_day as newest)
order by records desc, source_vendor, source_name, entity, reason
