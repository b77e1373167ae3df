-- table: generic.teams
select
    'TEAM-B' as team_id,
    'Bulk Support' as team_name,
    'Support' as department,
    null as parent_team_id,
    null as support_team_ref,
    cast(getvariable('start') as timestamp) as _fivetran_synced
union all
select distinct
    team_id,
    'Bulk Support ' || (group_id - 900000),
    'Support',
    'TEAM-B',
    cast(group_id as varchar),
    cast(getvariable('start') as timestamp)
from employees;

-- table: generic.employees
select
    employee_id,
    team_id,
    email,
    'Support Agent' as job_title,
    timestamp '2022-01-03' as hired_at,
    case when u('quits', e) < 0.1 then known(getvariable('start') + to_days(cast(u('quits on', e) * 1000 as integer))) end as left_at,
    timestamp '2022-01-03' as valid_from,
    case when u('quits', e) < 0.1 then known(getvariable('start') + to_days(cast(u('quits on', e) * 1000 as integer))) end as valid_to,
    cast(getvariable('start') as timestamp) as _fivetran_synced
from employees;
