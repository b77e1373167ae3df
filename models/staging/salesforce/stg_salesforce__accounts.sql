-- Merged-away accounts are in the recycle bin and stay: answers still name them.
{{ config(enabled=is_listed('crm', 'salesforce')) }}
{%- set account = landed('salesforce', 'account') %}

with accounts as (

    select
        {{ field(account, 'id', required=true) }} as account_id,
        {{ field(account, 'name') }} as account_name,
        {{ field(account, 'is_person_account', 'boolean') }} as is_person_account,
        {{ field(account, ['account_number', 'external_id_c']) }} as external_id,
        {{ field(account, 'parent_id') }} as parent_account_id,
        {{ field(account, 'master_record_id') }} as merged_into_account_id,
        {{ field(account, ['segment_c', 'customer_segment_c', 'tier_c']) }} as segment,
        {{ field(account, 'industry') }} as industry,
        {{ field(account, ['region_c', 'billing_country']) }} as region,
        {{ field(account, 'owner_id') }} as owner_id,
        coalesce({{ field(account, 'is_key_account_c', 'boolean') }}, false) as is_key_account,
        coalesce({{ field(account, 'no_nps_form_c', 'boolean') }}, false) as no_nps_form,
        {{ field(account, ['arr_c', 'annual_recurring_revenue_c'], 'numeric(18,2)') }} as arr,
        {{ field(account, 'currency_iso_code') }} as currency,
        {{ field(account, ['seats_c', 'licensed_seats_c'], 'bigint') }} as seats,
        {{ field(account, ['renewal_date_c', 'contract_end_date_c'], 'date') }} as renewal_date,
        {{ field(account, 'renewal_status_c') }} as renewal_status,
        {{ field(account, ['is_active_c', 'active_c'], 'boolean') }} as is_active,
        {{ field(account, 'created_date', 'timestamp') }} as created_at,
        {{ is_deleted(account) }} as is_deleted,
        {{ loaded_at(account) }} as loaded_at,
        {{ parse_errors(account, names={'is_person_account': 'is_person_account'}) }} as parse_errors
    from {{ landed_from(account) }}
    where
        {{ live_rows(account, keep_deleted=true) }}

)

select
    account_id,
    account_name,
    is_person_account,
    external_id,
    parent_account_id,
    merged_into_account_id,
    segment,
    industry,
    region,
    owner_id,
    is_key_account,
    no_nps_form,
    arr,
    currency,
    seats,
    renewal_date,
    renewal_status,
    is_active,
    created_at,
    loaded_at,
    parse_errors
from accounts
where not is_deleted or merged_into_account_id is not null
