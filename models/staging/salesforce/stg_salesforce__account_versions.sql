{{ config(enabled=is_listed('crm', 'salesforce')) }}
{%- set history = landed('salesforce', 'account_history') %}

select
    {{ field(history, 'id', required=true) }} as account_id,
    {{ field(history, '_fivetran_start', 'timestamp', required=true) }} as valid_from,
    {{ field(history, '_fivetran_end', 'timestamp') }} as valid_to,
    {{ field(history, ['segment_c', 'customer_segment_c', 'tier_c']) }} as segment,
    {{ field(history, ['region_c', 'billing_country']) }} as region,
    {{ field(history, 'industry') }} as industry,
    {{ field(history, 'owner_id') }} as owner_id,
    {{ field(history, 'renewal_status_c') }} as renewal_status,
    {{ field(history, ['renewal_date_c', 'contract_end_date_c'], 'date') }} as renewal_date,
    {{ loaded_at(history) }} as loaded_at,
    {{ parse_errors(history) }} as parse_errors
from {{ landed_from(history) }}
where
    {{ live_rows(history, history=true) }}
