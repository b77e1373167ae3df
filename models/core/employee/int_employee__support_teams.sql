-- Grain: one row per team of the support tool, with the team of ours that it is: the one that
-- names it (support_team_ref), else one of the same name, else none. Of several the lowest id.
with support_teams as (

    select
        team_id as support_team_id,
        team_name,
        department
    from {{ ref('int_support__support_teams_checked') }}
    where quarantine_reason is null

),

teams as (

    select
        team_id,
        support_team_ref,
        {{ fold_case('trim(team_name)') }} as name_key
    from {{ ref('int_employee__teams_checked') }}
    where quarantine_reason is null

),

by_reference as (

    select support_team_ref, min(team_id) as team_id
    from teams
    where support_team_ref is not null
    group by support_team_ref

),

by_name as (

    select name_key, min(team_id) as team_id
    from teams
    where name_key <> ''
    group by name_key

)

select
    support_teams.support_team_id,
    support_teams.team_name,
    support_teams.department,
    coalesce(by_reference.team_id, by_name.team_id) as own_team_id
from support_teams
left join by_reference on support_teams.support_team_id = by_reference.support_team_ref
left join by_name on {{ fold_case('trim(support_teams.team_name)') }} = by_name.name_key
