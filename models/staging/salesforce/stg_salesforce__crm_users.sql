{{ config(enabled=is_listed('crm', 'salesforce')) }}
{%- set user = landed('salesforce', 'user') %}

select
    {{ field(user, 'id', required=true) }} as user_id,
    {{ field(user, 'manager_id') }} as manager_id,
    {{ field(user, 'is_active', 'boolean') }} and not ({{ is_deleted(user) }}) as is_active,
    {{ loaded_at(user) }} as loaded_at,
    {{ parse_errors(user) }} as parse_errors
from {{ landed_from(user) }}
where
    {{ live_rows(user, keep_deleted=true) }}
