with team_keys as (select * from {{ ref('int_employee__team_keys') }}),

departments as (select * from {{ ref('departments') }}),

teams as (

    select * from {{ ref('int_employee__teams_checked') }} where quarantine_reason is null

),

support_teams as (

    select
        team_keys.team_id,
        min({{ byte_order('support_teams.team_name') }}) as team_name,
        min({{ byte_order('support_teams.department') }}) as department
    from {{ ref('int_employee__support_teams') }} as support_teams
    inner join team_keys on support_teams.support_team_id = team_keys.team_key
    group by team_keys.team_id

),

-- the seed may name a team by any of its keys
decided_departments as (

    select
        team_keys.team_id,
        min({{ byte_order('departments.department') }}) as department
    from departments
    inner join team_keys
        on
            trim(departments.team) = team_keys.team_key
            or {{ fold_case('trim(departments.team)') }} = {{ fold_case('team_keys.team_key') }}
    group by team_keys.team_id

),

team_ids as (

    select team_id from teams
    union distinct
    select team_id from support_teams

)

select
    team_ids.team_id,
    coalesce(teams.team_name, support_teams.team_name, team_ids.team_id) as team_name,
    coalesce(decided_departments.department, teams.department, support_teams.department)
        as department,
    parents.parent_team_id,
    case
        when support_teams.team_id is null then 'employee'
        when teams.team_id is null then 'support'
        else 'employee, support'
    end as sources
from team_ids
left join teams on team_ids.team_id = teams.team_id
left join support_teams on team_ids.team_id = support_teams.team_id
left join decided_departments on team_ids.team_id = decided_departments.team_id
left join {{ ref('int_employee__team_parents') }} as parents on team_ids.team_id = parents.team_id
