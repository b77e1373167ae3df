-- Grain: one row per team and completed month with answers. is_hidden: fewer than anonymity_min_n people answered; or a total less all
-- that is shown would tell a hidden team or a group of fewer people. Totals that somebody may know are those of a parent, of a
-- department and of the company. Own members of a parent stand beside those of its children that have none, so that every team is in
-- one family, and the total of any branch is a sum of families. What one step hides may leave another group with one hidden team, hence
-- the second round; a month in which something could still be told is hidden whole.
{%- set smallest = anonymity_min_n() %}
{%- set columns = ['period_end', 'team_id', 'family_key', 'department_key', 'company_key', 'respondents', 'engagement_score'] %}
{%- set groups = ['family_key', 'department_key', 'company_key'] %}

with teams as (select * from {{ ref('dim_teams') }}),

parents as (select distinct parent_team_id from teams),

measured as (

    select
        engagement.period_end,
        engagement.team_id,
        coalesce(parents.parent_team_id, teams.parent_team_id, '') as family_key,
        coalesce(teams.department, 'none, ' || engagement.team_id) as department_key,
        'company' as company_key,
        engagement.respondents,
        engagement.engagement_score,
        engagement.respondents < {{ smallest }} as is_hidden
    from {{ ref('int_employee__engagement') }} as engagement
    left join teams on engagement.team_id = teams.team_id
    left join parents on engagement.team_id = parents.parent_team_id

),

{% set rounds = groups + groups -%}
{% for group in rounds -%}
step_{{ loop.index }} as (

    {{ complementary_suppression('step_' ~ (loop.index - 1) if loop.index > 1 else 'measured', columns, 'period_end, ' ~ group, smallest) }}

),

{% endfor -%}

told as (
    {% for group in groups %}
    select period_end
    from step_{{ rounds | length }}
    group by period_end, {{ group }}
    having
        count(case when is_hidden then 1 end) > 0
        and count(case when not is_hidden then 1 end) > 0
        and (count(case when is_hidden then 1 end) < 2 or sum(case when is_hidden then respondents else 0 end) < {{ smallest }})
    {{ 'union distinct' if not loop.last }}
    {%- endfor %}
)

select
    {%- for column in columns %}
    steps.{{ column }},
    {%- endfor %}
    steps.is_hidden or told.period_end is not null as is_hidden
from step_{{ rounds | length }} as steps
left join told on steps.period_end = told.period_end
