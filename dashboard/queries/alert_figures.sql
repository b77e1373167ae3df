-- Open P0 alerts; no row where no action was ever taken.
select
    sum(case when priority = 'P0' and status <> 'closed' then 1 else 0 end) as open_alerts,
    sum(case when priority = 'P0' and status = 'past_due' then 1 else 0 end) as past_due_alerts,
    sum(case when priority = 'P0' and status <> 'closed' then arr end) as arr_of_alerts
from health_actions
having count(*) > 0
