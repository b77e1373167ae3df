-- Grain: one row per key by which any tool may name a team: its id in the employee domain, its id
-- in the support tool, its name in lower case; with the team that answers to it (our own id, else
-- the support tool's). A key with several claims goes to the first kind above, then the lowest id.
{{ config(materialized='table') }}

with teams as (

    select * from {{ ref('int_employee__teams_checked') }} where quarantine_reason is null

),

support_teams as (

    select *, coalesce(own_team_id, support_team_id) as team_id from {{ ref('int_employee__support_teams') }}

),

claims as (

    select team_id as team_key, team_id, 1 as precedence from teams
    union all
    select support_team_id as team_key, team_id, 2 as precedence from support_teams
    union all
    select support_team_ref as team_key, team_id, 3 as precedence from teams
    union all
    select {{ fold_case('trim(team_name)') }} as team_key, team_id, 4 as precedence from teams
    union all
    select {{ fold_case('trim(team_name)') }} as team_key, team_id, 5 as precedence from support_teams

),

ranked as (

    select
        team_key,
        team_id,
        row_number() over (partition by team_key order by precedence, team_id) as claim_number
    from claims
    where team_key <> ''

)

select
    team_key,
    team_id
from ranked
where claim_number = 1
