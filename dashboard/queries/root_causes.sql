-- Root-cause analyses by department and period.
select
    period_end,
    department as item,
    rca_timeliness as value,
    ci_low as low,
    ci_high as high,
    analyses_due as n,
    closed_in_target,
    overdue_open,
    is_reportable
from root_cause_timeliness
order by period_end, department
