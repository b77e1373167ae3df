-- One row: the company's closed loop at the last period that has cases; none where there are no cases.
with

periods as (

    select
        *,
        row_number() over (order by period_end desc) as periods_back
    from {{ ref('closed_loop_kpis') }}
    where scope_type = 'company'

),

worklist as (

    select
        count(*) as open_cases,
        count(case when is_overdue then 1 end) as overdue_cases
    from {{ ref('case_worklist') }}

)

select
    periods.period_end,
    periods.due_detractors,
    periods.detractor_follow_up_rate,
    periods.closure_due_cases,
    periods.closed_loop_rate,
    periods.re_surveyed,
    periods.detractor_recovery_rate,
    periods.re_surveyed_not_followed_up,
    periods.recovery_rate_not_followed_up,
    worklist.open_cases,
    worklist.overdue_cases
from periods
cross join worklist
where periods.periods_back = 1
