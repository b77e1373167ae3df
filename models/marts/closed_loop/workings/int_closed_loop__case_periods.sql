-- Grain: one row per period end and case whose day of answer lies in the window of the period, as the case stood at the end of the
-- period. Clocks that still ran then are not over; who has answered again counts as re-surveyed at once. Closed is what the record
-- said that counted then, and the team is the one it names, else that of the answer.
{%- set recovery_days = whole_number('recovery_days') %}

with cases as (

    select * from {{ ref('int_closed_loop__cases') }}

),

records as (

    select * from {{ ref('int_closed_loop__case_records') }}

),

periods as (

    select
        period_end,
        {{ add_days('period_end', '-' ~ whole_number('closed_loop_window_days')) }} as window_start,
        {{ day_close('period_end') }} as period_close
    from {{ ref('int_periods') }}

),

standing as (

    select
        periods.period_end,
        periods.period_close,
        cases.case_id,
        {{ cluster_key('case_id', 'cases') }} as cluster_key,
        cases.segment,
        cases.touchpoint,
        coalesce({{ matched_team() }}, cases.answer_team_id) as team_id,
        case when {{ matched_team() }} is null then {{ category('records.team_ref') }} end as named_department,
        cases.is_anonymous,
        cases.metric = 'nps' as is_detractor,
        cases.opened_at,
        cases.follow_up_due_at,
        cases.closure_due_at <= periods.period_close
        and coalesce(cases.closures_tracked_from < periods.period_close, false) as is_closure_due,
        cases.follow_up_due_at <= periods.period_close as is_due,
        case when cases.first_follow_up_at < periods.period_close then cases.first_follow_up_at end as followed_up_at,
        case
            when records.closed_at < periods.period_close and cases.first_follow_up_at <= records.closed_at then records.closed_at
        end as informed_at,
        cases.closure_due_at,
        case when cases.unprompted_answered_at < periods.period_close then cases.unprompted_score end as unprompted_score,
        case when cases.answered_after_follow_up_at < periods.period_close then cases.score_after_follow_up end as score_after_follow_up
    from cases
    inner join periods on cases.opened_on > periods.window_start and cases.opened_on <= periods.period_end
    left join records
        on
            cases.case_id = records.case_id
            and (records.counts_from is null or records.counts_from < periods.period_close)
            and (records.counts_until is null or records.counts_until >= periods.period_close)
    {{ match_team_joins('records.team_ref') }}

),

judged as (

    select
        *,
        followed_up_at is not null as is_followed_up,
        is_due and coalesce(followed_up_at <= follow_up_due_at, false) as is_followed_up_in_sla,
        is_closure_due and informed_at is not null as is_closed,
        is_closure_due and coalesce(informed_at <= closure_due_at, false) as is_closed_in_sla,
        case when is_due then {{ minutes_between('opened_at', 'followed_up_at') }} / 60.0 end as hours_to_follow_up,
        is_detractor
        and coalesce({{ dbt.dateadd('day', recovery_days, 'followed_up_at') }} <= period_close, false) as is_recovery_over
    from standing

)

select
    period_end,
    case_id,
    cluster_key,
    segment,
    team_id,
    named_department,
    touchpoint,
    is_anonymous,
    is_detractor,
    is_due,
    is_followed_up,
    is_followed_up_in_sla,
    hours_to_follow_up,
    is_closure_due,
    is_closed,
    is_closed_in_sla,
    is_recovery_over,
    unprompted_score,
    score_after_follow_up
from judged
