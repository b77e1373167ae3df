-- Cases that are open, in the order in which to take them.
select
    rank,
    account_id,
    account_name,
    segment,
    department,
    metric,
    touchpoint,
    next_step,
    raw_score,
    owner_id,
    arr,
    due_at,
    hours_overdue,
    is_overdue
from case_worklist
order by rank
