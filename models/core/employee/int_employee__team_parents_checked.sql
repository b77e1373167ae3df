-- Grain: one row per team of ours that names a parent, by whatever key. A link to a team that does not exist is set aside, its
-- team stays.
with links as (

    select
        teams.source_vendor,
        teams.team_id,
        teams.parent_team_id as landed_parent_id,
        {{ matched_team() }} as parent_team_id,
        teams.loaded_at
    from {{ ref('int_employee__teams_checked') }} as teams
    {{ match_team_joins('teams.parent_team_id') }}
    where teams.quarantine_reason is null and teams.parent_team_id is not null

),

checked as (

    select
        *,
        {{ quarantine_reason([['unknown_employee_team', 'parent_team_id is null']]) }} as quarantine_reason
    from links

)

select
    *,
    team_id as record_id,
    {{ payload(['team_id', 'landed_parent_id']) }} as payload
from checked
