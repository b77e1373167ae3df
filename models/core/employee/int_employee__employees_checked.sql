-- Grain: one row per landed spell of an employee in a team. Being in two teams at once is legal. When the person was hired decides nothing,
-- so where it cannot be read it is set aside alone; whether somebody has left decides who belongs to a team.
with employees as (

    select
        *,
        {{ copy_number('source_vendor, employee_id, team_id, valid_from', [
            'loaded_at desc nulls last', 'valid_to desc nulls first', 'left_at', 'hired_at'
        ]) }}
            as copy_number
    from {{ ref('int_employee__employees_unioned') }}

),

resolved as (

    select
        employees.*,
        {{ matched_team() }} as known_team_id
    from employees
    {{ match_team_joins('employees.team_id') }}

),

checked as (

    select
        *,
        {{ quarantine_reason([
            ['missing_key', 'employee_id is null'],
            ['duplicate_key', 'copy_number > 1'],
            ['unparseable_value', unread_fields('parse_errors') ~ " <> 'hired_at'"],
            ['missing_time', 'valid_from is null'],
            ['implausible_time', is_before_plausible('valid_from')],
            ['after_as_of_date', is_after_as_of('valid_from')],
            ['invalid_interval', 'valid_to < valid_from'],
            ['impossible_order', 'left_at < hired_at or left_at < valid_from'],
            ['unknown_employee_team', 'known_team_id is null'],
        ]) }} as quarantine_reason,
        {{ quarantine_reason([['unparseable_value', 'parse_errors is not null']]) }} as attribute_reason
    from resolved

),

named as (

    select
        *,
        {{ key_of('employee_id', [['in ', 'team_id'], ['from ', 'valid_from']]) }} as spell_id
    from checked

)

select
    *,
    {{ record_id('spell_id') }} as record_id,
    -- the key says who, the rest would say which of a team
    cast(null as {{ dbt.type_string() }}) as payload
from named
