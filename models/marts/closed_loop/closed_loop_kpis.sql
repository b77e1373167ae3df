-- A share is one of answers, and people of one account answer alike: its interval is that of the effective cases.
{%- set shares = {
    'follow_up': ['followed_up_in_sla', 'due_cases'],
    'detractor_follow_up': ['detractors_in_sla', 'due_detractors'],
    'detractor_ever_followed_up': ['detractors_followed_up', 'due_detractors'],
    'closed_loop': ['closed_cases', 'closure_due_cases'],
    'closed_in_sla': ['closed_in_sla', 'closure_due_cases'],
    'detractor_recovery': ['recovered', 're_surveyed'],
    'recovery_of_followed_up': ['recovered_of_due', 'recovery_due_detractors'],
    'recovery_not_followed_up': ['recovered_not_followed_up', 're_surveyed_not_followed_up']
} %}
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

clusters as (

    select
        period_end,
        scope_type,
        scope_value,
        cluster_key,
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
        count(case when {{ is_recovered('unprompted_score') }} then 1 end) as recovered_not_followed_up
    from scoped
    group by period_end, scope_type, scope_value, cluster_key

),

counts as (

    select
        period_end,
        scope_type,
        scope_value,
        {%- for name, share in shares.items() %}
        {{ effective_cases(share[0], share[1]) }} as {{ name }}_effective,
        {%- endfor %}
        {%- for column in shares.values() | sum(start=[]) | unique %}
        {{ total(column) }} as {{ column }},
        {%- endfor %}
        {{ total('detractor_cases') }} as detractor_cases,
        {{ total('anonymous_cases') }} as anonymous_cases,
        {{ total('cases') }} as cases
    from clusters
    group by period_end, scope_type, scope_value

),

medians as (

    select
        period_end,
        scope_type,
        scope_value,
        {{ median_of('hours_to_follow_up') }} as median_hours_to_follow_up
    from scoped
    group by period_end, scope_type, scope_value

),

rates as (

    select
        counts.period_end,
        counts.scope_type,
        counts.scope_value,
        counts.cases,
        counts.detractor_cases,
        counts.anonymous_cases,
        counts.cases - counts.due_cases as pending_cases,
        counts.due_cases,
        {{ rate_with_interval(
            'follow_up', 'counts.followed_up_in_sla', 'counts.due_cases', effective='counts.follow_up_effective'
        ) }},
        counts.due_detractors,
        {{ rate_with_interval(
            'detractor_follow_up', 'counts.detractors_in_sla', 'counts.due_detractors', effective='counts.detractor_follow_up_effective'
        ) }},
        {{ rate_with_interval(
            'detractor_ever_followed_up', 'counts.detractors_followed_up', 'counts.due_detractors', effective='counts.detractor_ever_followed_up_effective'
        ) }},
        medians.median_hours_to_follow_up,
        counts.closure_due_cases,
        {{ rate_with_interval(
            'closed_loop', 'counts.closed_cases', 'counts.closure_due_cases', effective='counts.closed_loop_effective'
        ) }},
        {{ rate_with_interval(
            'closed_in_sla', 'counts.closed_in_sla', 'counts.closure_due_cases', effective='counts.closed_in_sla_effective'
        ) }},
        counts.re_surveyed,
        {{ rate_with_interval(
            'detractor_recovery', 'counts.recovered', 'counts.re_surveyed', effective='counts.detractor_recovery_effective'
        ) }},
        counts.recovery_due_detractors,
        {{ rate_with_interval(
            'recovery_of_followed_up', 'counts.recovered_of_due', 'counts.recovery_due_detractors', rate='recovery_rate_of_followed_up', effective='counts.recovery_of_followed_up_effective'
        ) }},
        counts.re_surveyed_not_followed_up,
        {{ rate_with_interval(
            'recovery_not_followed_up', 'counts.recovered_not_followed_up', 'counts.re_surveyed_not_followed_up', rate='recovery_rate_not_followed_up', effective='counts.recovery_not_followed_up_effective'
        ) }},
        {{ is_reportable('counts.due_cases') }} as is_reportable,
        {{ is_reportable('counts.closure_due_cases') }} as is_closure_reportable,
        {{ is_reportable('counts.re_surveyed') }} as is_recovery_reportable
    from counts
    inner join medians
        on
            counts.period_end = medians.period_end
            and counts.scope_type = medians.scope_type
            and counts.scope_value = medians.scope_value

)

select
    *,
    {{ difference_with_interval(
        'recovery',
        {'value': 'detractor_recovery_rate', 'bounds': 'detractor_recovery'},
        {'value': 'recovery_rate_not_followed_up', 'bounds': 'recovery_not_followed_up'}
    ) }}
from rates
