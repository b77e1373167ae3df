-- Actions of the playbooks, open ones first.
select
    account_id,
    playbook,
    priority,
    band,
    status,
    owner_role,
    owner_id,
    opened_at,
    due_at,
    closed_at
from health_actions
order by account_id, case when status = 'closed' then 1 else 0 end, opened_at desc, action_id
