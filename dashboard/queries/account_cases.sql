-- Cases of each account, open ones first. The person who answered stays out.
select
    feedback_cases.account_id,
    feedback_cases.metric,
    feedback_cases.touchpoint,
    feedback_cases.department,
    feedback_cases.raw_score,
    feedback_cases.case_status,
    feedback_cases.root_cause,
    case_worklist.next_step,
    case_worklist.due_at,
    case_worklist.is_overdue,
    feedback_cases.opened_at,
    feedback_cases.first_follow_up_at,
    feedback_cases.closed_at
from feedback_cases
left join case_worklist on feedback_cases.case_id = case_worklist.case_id
where feedback_cases.account_id is not null
order by
    feedback_cases.account_id,
    case_worklist.rank nulls last,
    feedback_cases.opened_at desc,
    feedback_cases.case_id
