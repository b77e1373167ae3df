-- Neither customers who log in to a portal nor the users that Salesforce itself works as.
{{ config(enabled=is_listed('support', 'salesforce')) }}
{%- set user = landed('salesforce', 'user') %}

select
    {{ field(user, 'id', required=true) }} as agent_id,
    cast(null as {{ sql_type('string') }}) as team_id,
    {{ field(user, 'is_active', 'boolean') }} and not ({{ is_deleted(user) }}) as is_active,
    {{ loaded_at(user) }} as loaded_at,
    {{ parse_errors(user) }} as parse_errors
from {{ landed_from(user) }}
where
    {{ live_rows(user, keep_deleted=true) }}
    and {{ field(user, 'contact_id') }} is null
    and coalesce({{ fold_case(field(user, 'user_type')) }}, 'standard') = 'standard'
