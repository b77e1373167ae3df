-- Grain: one row per team of ours. parent_team_id: the team it names as its parent, by whatever key; null at the top, and where the
-- named team does not exist.
select
    teams.team_id,
    {{ matched_team() }} as parent_team_id
from {{ ref('int_employee__teams_checked') }} as teams
{{ match_team_joins('teams.parent_team_id') }}
where teams.quarantine_reason is null
