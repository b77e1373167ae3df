-- Claim: engagement is shown for anonymity_min_n people and more; what is suppressed shows neither score nor n; and what is hidden of
-- a family, a department or the company is never one team alone, nor fewer people, unless nothing else is left to hide.
{{ config(tags=['k_anonymity']) }}
{%- set smallest = anonymity_min_n() %}

with shown as (

    select
        engagement.period_end,
        engagement.team_id,
        engagement.family_key,
        engagement.department_key,
        engagement.respondents,
        engagement.is_hidden,
        published.respondents as published_respondents,
        published.engagement_score as published_score,
        published.is_suppressed
    from {{ ref('int_employee__engagement_shown') }} as engagement
    left join {{ ref('team_voe_csat') }} as published
        on engagement.period_end = published.period_end and engagement.team_id = published.team_id

),

groups_of_teams as (

    select period_end, 'family ' || family_key as team_group, respondents, is_hidden from shown
    union all
    select period_end, 'department ' || department_key as team_group, respondents, is_hidden from shown
    union all
    select period_end, 'company' as team_group, respondents, is_hidden from shown

)

select
    period_end,
    team_id as place,
    'shown' as problem
from shown
where
    published_respondents < {{ smallest }}
    or is_suppressed is distinct from is_hidden
    or (is_suppressed and (published_respondents is not null or published_score is not null))

union all

select
    period_end,
    team_group as place,
    'can be told from the total' as problem
from groups_of_teams
group by period_end, team_group
having
    count(case when is_hidden then 1 end) > 0
    and count(case when not is_hidden then 1 end) > 0
    and (
        count(case when is_hidden then 1 end) < 2
        or sum(case when is_hidden then respondents else 0 end) < {{ smallest }}
    )
