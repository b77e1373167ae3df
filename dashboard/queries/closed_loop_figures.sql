-- The company's closed loop at the newest period end.
select
    detractor_follow_up_rate,
    detractor_follow_up_ci_low,
    detractor_follow_up_ci_high,
    due_detractors,
    closed_loop_rate,
    closed_loop_ci_low,
    closed_loop_ci_high,
    closure_due_cases,
    detractor_recovery_rate,
    detractor_recovery_ci_low,
    detractor_recovery_ci_high,
    re_surveyed,
    median_hours_to_follow_up,
    due_cases,
    pending_cases,
    anonymous_cases,
    cases,
    is_reportable,
    is_closure_reportable,
    is_recovery_reportable
from closed_loop_kpis
where
    scope_type = 'company'
    and period_end = (select max(newest.period_end) from closed_loop_kpis as newest)
