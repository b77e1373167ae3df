-- Grain: one row per employee, team and spell (valid_from <= t < valid_to, open while null).
-- Spells of one employee in one team never overlap; in two teams at once they may. A landed
-- spell of no length is no spell.
with spells as (

    select
        employee_id,
        known_team_id as team_id,
        hired_at,
        left_at,
        valid_from,
        case when valid_to is null or left_at < valid_to then left_at else valid_to end as valid_to
    from {{ ref('int_employee__employees_checked') }}
    where quarantine_reason is null

),

-- the end of whatever came before in the same team; an open spell never ends
with_earlier_end as (

    select
        *,
        max(coalesce(valid_to, timestamp '9999-12-31 00:00:00')) over (
            partition by employee_id, team_id
            order by valid_from nulls last, valid_to nulls last
            rows between unbounded preceding and 1 preceding
        ) as earlier_end
    from spells
    where valid_to is null or valid_from < valid_to

),

numbered as (

    select
        *,
        sum(case when earlier_end >= valid_from then 0 else 1 end) over (
            partition by employee_id, team_id
            order by valid_from nulls last, valid_to nulls last
            rows between unbounded preceding and current row
        ) as spell_number
    from with_earlier_end

)

select
    employee_id,
    team_id,
    cast(spell_number as {{ sql_type('bigint') }}) as spell_number,
    min(valid_from) as valid_from,
    case when count(valid_to) = count(*) then max(valid_to) end as valid_to,
    min(hired_at) as hired_at,
    max(left_at) as left_at
from numbered
group by employee_id, team_id, spell_number
