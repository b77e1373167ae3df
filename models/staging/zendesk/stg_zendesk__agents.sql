{{ config(enabled=is_listed('support', 'zendesk')) }}
{%- set user = landed('zendesk', 'user') %}

select
    {{ field(user, 'id', required=true) }} as agent_id,
    {{ field(user, 'default_group_id') }} as team_id,
    coalesce({{ field(user, 'active', 'boolean') }}, true)
    and not coalesce({{ field(user, 'suspended', 'boolean') }}, false)
    and not ({{ is_deleted(user) }}) as is_active,
    {{ loaded_at(user) }} as loaded_at,
    {{ parse_errors(user) }} as parse_errors
from {{ landed_from(user) }}
where
    {{ live_rows(user, keep_deleted=true) }}
    and {{ fold_case(field(user, 'role')) }} in ('agent', 'admin')
