-- A case counts in the periods whose window holds the day of its answer, as it stood at the end of the period. Clocks that still
-- ran then are in no denominator; who has answered again counts as re-surveyed at once. Closed is what the record said that counted then.
{%- set recovery_days = whole_number('recovery_days') %}

with cases as (

    select
        cases.*,
        published.department
    from {{ ref('int_closed_loop__cases') }} as cases
    inner join {{ ref('feedback_cases') }} as published on cases.case_id = published.case_id

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
        cases.segment,
        cases.department,
        cases.team_id,
        cases.is_anonymous,
        cases.metric = 'nps' as is_detractor,
        cases.opened_at,
        cases.follow_up_due_at,
        cases.closure_due_at <= periods.period_close and coalesce(cases.closures_tracked_from < periods.period_close, false) as is_closure_due,
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

),

scoped as (

    select 'company' as scope_type, 'all' as scope_value, judged.* from judged
    union all
    select 'segment' as scope_type, segment as scope_value, judged.* from judged where segment is not null
    union all
    select 'department' as scope_type, department as scope_value, judged.* from judged where department is not null
    union all
    select 'team' as scope_type, team_id as scope_value, judged.* from judged where team_id is not null

),

counts as (

    select
        period_end,
        scope_type,
        scope_value,
        count(*) as cases,
        count(case when is_detractor then 1 end) as detractor_cases,
        count(case when is_anonymous then 1 end) as anonymous_cases,
        count(case when is_due then 1 end) as due_cases,
        count(case when is_due and is_followed_up_in_sla then 1 end) as followed_up_in_sla,
        count(case when is_detractor and is_due then 1 end) as due_detractors,
        count(case when is_detractor and is_followed_up_in_sla then 1 end) as detractors_in_sla,
        count(case when is_detractor and is_due and is_followed_up then 1 end) as detractors_followed_up,
        count(case when is_closure_due then 1 end) as closure_due_cases,
        count(case when is_closed then 1 end) as closed_cases,
        count(case when is_closed_in_sla then 1 end) as closed_in_sla,
        count(score_after_follow_up) as re_surveyed,
        count(case when score_after_follow_up >= 7 then 1 end) as recovered,
        count(case when is_recovery_over then 1 end) as recovery_due_detractors,
        count(case when is_recovery_over and score_after_follow_up >= 7 then 1 end) as recovered_of_due,
        count(unprompted_score) as re_surveyed_not_followed_up,
        count(case when unprompted_score >= 7 then 1 end) as recovered_not_followed_up,
        {{ median_of('hours_to_follow_up') }} as median_hours_to_follow_up
    from scoped
    group by period_end, scope_type, scope_value

)

select
    period_end,
    scope_type,
    scope_value,
    cases,
    detractor_cases,
    anonymous_cases,
    cases - due_cases as pending_cases,
    due_cases,
    {{ rate_with_interval('follow_up', 'followed_up_in_sla', 'due_cases') }},
    due_detractors,
    {{ rate_with_interval('detractor_follow_up', 'detractors_in_sla', 'due_detractors') }},
    {{ rate_with_interval('detractor_ever_followed_up', 'detractors_followed_up', 'due_detractors') }},
    median_hours_to_follow_up,
    closure_due_cases,
    {{ rate_with_interval('closed_loop', 'closed_cases', 'closure_due_cases') }},
    {{ rate_with_interval('closed_in_sla', 'closed_in_sla', 'closure_due_cases') }},
    re_surveyed,
    {{ rate_with_interval('detractor_recovery', 'recovered', 're_surveyed') }},
    recovery_due_detractors,
    {{ share_of('recovered_of_due', 'recovery_due_detractors') }} as recovery_rate_of_followed_up,
    {{ wilson_bound('recovered_of_due', 'recovery_due_detractors', -1) }} as recovery_of_followed_up_ci_low,
    {{ wilson_bound('recovered_of_due', 'recovery_due_detractors', 1) }} as recovery_of_followed_up_ci_high,
    re_surveyed_not_followed_up,
    {{ share_of('recovered_not_followed_up', 're_surveyed_not_followed_up') }} as recovery_rate_not_followed_up,
    {{ wilson_bound('recovered_not_followed_up', 're_surveyed_not_followed_up', -1) }} as recovery_not_followed_up_ci_low,
    {{ wilson_bound('recovered_not_followed_up', 're_surveyed_not_followed_up', 1) }} as recovery_not_followed_up_ci_high,
    {{ is_reportable('due_cases') }} as is_reportable,
    {{ is_reportable('closure_due_cases') }} as is_closure_reportable,
    {{ is_reportable('re_surveyed') }} as is_recovery_reportable
from counts
