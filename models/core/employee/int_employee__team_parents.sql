-- Grain: one row per team of ours. parent_team_id is null at the top, and where the team it names does not exist.
select
    teams.team_id,
    links.parent_team_id
from {{ ref('int_employee__teams_checked') }} as teams
left join {{ ref('int_employee__team_parents_checked') }} as links on teams.team_id = links.team_id and links.quarantine_reason is null
where teams.quarantine_reason is null
