-- When the marts that are shown were built, and for which day.
select
    max(as_of_date) as as_of_date,
    max(finished_at) as finished_at
from run_history
where run_status = 'success'
