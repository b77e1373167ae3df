-- P0 alerts that are open, the earliest due first.
select
    account_id,
    account_name,
    owner_id,
    band,
    playbook,
    status,
    arr,
    opened_at,
    due_at
from health_actions
where priority = 'P0' and status <> 'closed'
order by due_at, arr desc nulls last, action_id
