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
        {{ clustered_rate('follow_up', shares.follow_up) }},
        counts.due_detractors,
        {{ clustered_rate('detractor_follow_up', shares.detractor_follow_up) }},
        {{ clustered_rate('detractor_ever_followed_up', shares.detractor_ever_followed_up) }},
        medians.median_hours_to_follow_up,
        counts.closure_due_cases,
        {{ clustered_rate('closed_loop', shares.closed_loop) }},
        {{ clustered_rate('closed_in_sla', shares.closed_in_sla) }},
        counts.re_surveyed,
        {{ clustered_rate('detractor_recovery', shares.detractor_recovery) }},
        counts.recovery_due_detractors,
        {{ clustered_rate('recovery_of_followed_up', shares.recovery_of_followed_up, rate='recovery_rate_of_followed_up') }},
        counts.re_surveyed_not_followed_up,
        {{ clustered_rate('recovery_not_followed_up', shares.recovery_not_followed_up, rate='recovery_rate_not_followed_up') }},
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
