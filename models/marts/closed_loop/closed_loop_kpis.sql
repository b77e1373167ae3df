with case_periods as (

    select
        case_periods.*,
        coalesce(teams.department, case_periods.named_department, touchpoints.department) as department
    from {{ ref('int_closed_loop__case_periods') }} as case_periods
    left join {{ ref('dim_teams') }} as teams on case_periods.team_id = teams.team_id
    left join {{ ref('touchpoints') }} as touchpoints on case_periods.touchpoint = touchpoints.touchpoint

),

scoped as (

    {{ in_scopes('case_periods', {'segment': 'segment', 'department': 'department', 'team': 'team_id'}) }}

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
        count(case when is_followed_up_in_sla then 1 end) as followed_up_in_sla,
        count(case when is_detractor and is_due then 1 end) as due_detractors,
        count(case when is_detractor and is_followed_up_in_sla then 1 end) as detractors_in_sla,
        count(case when is_detractor and is_due and is_followed_up then 1 end) as detractors_followed_up,
        count(case when is_closure_due then 1 end) as closure_due_cases,
        count(case when is_closed then 1 end) as closed_cases,
        count(case when is_closed_in_sla then 1 end) as closed_in_sla,
        count(score_after_follow_up) as re_surveyed,
        count(case when {{ is_recovered('score_after_follow_up') }} then 1 end) as recovered,
        count(case when is_recovery_over then 1 end) as recovery_due_detractors,
        count(case when is_recovery_over and {{ is_recovered('score_after_follow_up') }} then 1 end) as recovered_of_due,
        count(unprompted_score) as re_surveyed_not_followed_up,
        count(case when {{ is_recovered('unprompted_score') }} then 1 end) as recovered_not_followed_up,
        {{ median_of('hours_to_follow_up') }} as median_hours_to_follow_up
    from scoped
    group by period_end, scope_type, scope_value

),

rates as (

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
        {{ rate_with_interval(
            'recovery_of_followed_up', 'recovered_of_due', 'recovery_due_detractors', rate='recovery_rate_of_followed_up'
        ) }},
        re_surveyed_not_followed_up,
        {{ rate_with_interval(
            'recovery_not_followed_up', 'recovered_not_followed_up', 're_surveyed_not_followed_up', rate='recovery_rate_not_followed_up'
        ) }},
        {{ is_reportable('due_cases') }} as is_reportable,
        {{ is_reportable('closure_due_cases') }} as is_closure_reportable,
        {{ is_reportable('re_surveyed') }} as is_recovery_reportable
    from counts

)

select
    *,
    {{ difference_with_interval(
        'recovery',
        {'value': 'detractor_recovery_rate', 'bounds': 'detractor_recovery'},
        {'value': 'recovery_rate_not_followed_up', 'bounds': 'recovery_not_followed_up'}
    ) }}
from rates
