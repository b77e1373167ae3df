{{ config(enabled=is_listed('crm', 'salesforce')) }}
{%- set history = landed('salesforce', 'contact_history') %}

select
    {{ field(history, 'id', required=true) }} as contact_id,
    {{ field(history, '_fivetran_start', 'timestamp', required=true) }} as valid_from,
    {{ field(history, '_fivetran_end', 'timestamp') }} as valid_to,
    {{ field(history, 'account_id') }} as account_id,
    {{ field(history, 'title') }} as title,
    {{ field(history, ['contact_role_c', 'buying_role_c', 'role_c']) }} as crm_role,
    {{ loaded_at(history) }} as loaded_at,
    {{ parse_errors(history) }} as parse_errors
from {{ landed_from(history) }}
where
    {{ live_rows(history, history=true) }}
