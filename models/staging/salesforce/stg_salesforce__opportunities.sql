{{ config(enabled=is_listed('crm', 'salesforce')) }}
{%- set opportunity = landed('salesforce', 'opportunity') %}

select
    {{ field(opportunity, 'id', required=true) }} as opportunity_id,
    {{ field(opportunity, 'account_id') }} as account_ref,
    {{ field(opportunity, 'type') }} as opportunity_type,
    {{ field(opportunity, 'stage_name') }} as stage,
    {{ field(opportunity, 'amount', 'numeric(18,2)') }} as amount,
    {{ field(opportunity, 'currency_iso_code') }} as currency,
    {{ field(opportunity, 'is_closed', 'boolean') }} as is_closed,
    {{ field(opportunity, 'is_won', 'boolean') }} as is_won,
    {{ field(opportunity, 'close_date', 'date') }} as close_date,
    {{ field(opportunity, 'created_date', 'timestamp') }} as created_at,
    {{ loaded_at(opportunity) }} as loaded_at,
    {{ parse_errors(opportunity) }} as parse_errors
from {{ landed_from(opportunity) }}
where
    {{ live_rows(opportunity) }}
