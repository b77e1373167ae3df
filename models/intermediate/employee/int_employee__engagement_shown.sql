-- Grain: one row per team and completed month with answers. is_hidden: fewer than anonymity_min_n people answered; or the total of
-- its parent, or of the company, less all that is shown would tell a hidden team or a group of fewer people. Teams without a
-- parent are siblings. A team hidden for the company alone may be the only one of its parent, hence the third step.
{%- set smallest = whole_number('anonymity_min_n') %}
{%- set columns = ['period_end', 'team_id', 'parent_key', 'respondents', 'engagement_score'] %}

with measured as (

    select
        engagement.period_end,
        engagement.team_id,
        coalesce(parents.parent_team_id, '') as parent_key,
        engagement.respondents,
        engagement.engagement_score,
        engagement.respondents < {{ smallest }} as is_hidden
    from {{ ref('int_employee__engagement') }} as engagement
    left join {{ ref('int_employee__team_parents') }} as parents on engagement.team_id = parents.team_id

),

within_parents as (

    {{ complementary_suppression('measured', columns, 'period_end, parent_key', smallest) }}

),

within_company as (

    {{ complementary_suppression('within_parents', columns, 'period_end', smallest) }}

),

within_parents_again as (

    {{ complementary_suppression('within_company', columns, 'period_end, parent_key', smallest) }}

)

select * from within_parents_again
