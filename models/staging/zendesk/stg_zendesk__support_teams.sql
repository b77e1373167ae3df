{{ config(enabled=is_listed('support', 'zendesk')) }}
{%- set team = landed('zendesk', 'group') %}

select
    {{ field(team, 'id', required=true) }} as team_id,
    {{ field(team, 'name') }} as team_name,
    cast(null as {{ sql_type('string') }}) as department,
    {{ loaded_at(team) }} as loaded_at,
    {{ parse_errors(team) }} as parse_errors
from {{ landed_from(team) }}
where
    {{ live_rows(team, keep_deleted=true) }}
