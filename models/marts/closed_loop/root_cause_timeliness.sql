-- An analysis counts where its target day fell into the window of the period, and for as long as it is open beyond it. In time is:
-- closed with a verified fix within its target days.
with analyses as (

    select
        coalesce(department, 'unknown') as department,
        opened_at,
        case when not {{ is_after_as_of('closed_at') }} then closed_at end as closed_at,
        coalesce(is_fix_verified, false) as is_fix_verified,
        {{ dbt.dateadd('day', 'coalesce(target_days, ' ~ whole_number('root_cause_target_days') ~ ')', 'opened_at') }} as due_at
    from {{ ref('int_crm__root_cause_analyses_checked') }}
    where quarantine_reason is null

),

periods as (

    select
        period_end,
        {{ day_close(add_days('period_end', '-' ~ whole_number('closed_loop_window_days'))) }} as window_opens_at,
        {{ day_close('period_end') }} as period_close
    from {{ ref('int_periods') }}

),

due as (

    select
        periods.period_end,
        analyses.department,
        analyses.is_fix_verified
        and coalesce(analyses.closed_at <= analyses.due_at and analyses.closed_at < periods.period_close, false) as is_closed_in_target,
        analyses.closed_at is null or analyses.closed_at >= periods.period_close as is_open
    from analyses
    inner join periods
        on
            analyses.due_at <= periods.period_close
            and (
                analyses.due_at > periods.window_opens_at
                or analyses.closed_at is null
                or analyses.closed_at >= periods.period_close
            )

),

counts as (

    select
        period_end,
        department,
        count(*) as analyses_due,
        count(case when is_closed_in_target then 1 end) as closed_in_target,
        count(case when is_open then 1 end) as overdue_open
    from due
    group by period_end, department

)

select
    period_end,
    department,
    analyses_due,
    closed_in_target,
    overdue_open,
    {{ share_of('closed_in_target', 'analyses_due') }} as rca_timeliness,
    {{ wilson_bound('closed_in_target', 'analyses_due', -1) }} as ci_low,
    {{ wilson_bound('closed_in_target', 'analyses_due', 1) }} as ci_high,
    {{ is_reportable('analyses_due') }} as is_reportable
from counts
