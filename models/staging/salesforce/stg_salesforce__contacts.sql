-- Merged-away contacts are in the recycle bin and stay: answers still name them. So do leads: a converted one is merged into the
-- contact it became.
{{ config(enabled=is_listed('crm', 'salesforce')) }}
{%- set contact = landed('salesforce', 'contact') %}
{%- set lead = landed('salesforce', 'lead', in_demo=false) %}

with contacts as (

    select
        {{ field(contact, 'id', required=true) }} as contact_id,
        {{ field(contact, 'account_id') }} as account_id,
        {{ field(contact, ['external_id_c', 'external_id']) }} as external_id,
        {{ field(contact, 'email') }} as email,
        {{ field(contact, 'title') }} as title,
        {{ field(contact, ['contact_role_c', 'buying_role_c', 'role_c']) }} as crm_role,
        {{ field(contact, 'department') }} as department,
        {{ field(contact, 'is_champion_c', 'boolean') }} as is_champion,
        {{ field(contact, 'has_opted_out_of_email', 'boolean') }} as is_opted_out,
        {{ field(contact, ['left_date_c', 'left_at_c'], 'timestamp') }} as left_at,
        {{ field(contact, ['no_longer_at_company_c', 'has_left_c'], 'boolean') }} as has_left,
        {{ field(contact, 'master_record_id') }} as merged_into_contact_id,
        {{ field(contact, 'created_date', 'timestamp') }} as created_at,
        {{ is_deleted(contact) }} as is_deleted,
        {{ loaded_at(contact) }} as loaded_at,
        {{ parse_errors(contact) }} as parse_errors
    from {{ landed_from(contact) }}
    where
        {{ live_rows(contact, keep_deleted=true) }}

)

select
    contact_id,
    account_id,
    external_id,
    email,
    title,
    crm_role,
    department,
    is_champion,
    is_opted_out,
    left_at,
    has_left,
    merged_into_contact_id,
    created_at,
    loaded_at,
    parse_errors
from contacts
where not is_deleted or merged_into_contact_id is not null

union all

select
    {{ field(lead, 'id', required=true) }} as contact_id,
    {{ field(lead, 'converted_account_id') }} as account_id,
    cast(null as {{ sql_type('string') }}) as external_id,
    {{ field(lead, 'email') }} as email,
    {{ field(lead, 'title') }} as title,
    cast(null as {{ sql_type('string') }}) as crm_role,
    cast(null as {{ sql_type('string') }}) as department,
    cast(null as {{ sql_type('boolean') }}) as is_champion,
    cast(null as {{ sql_type('boolean') }}) as is_opted_out,
    cast(null as {{ sql_type('timestamp') }}) as left_at,
    cast(null as {{ sql_type('boolean') }}) as has_left,
    {{ field(lead, 'converted_contact_id') }} as merged_into_contact_id,
    {{ field(lead, 'created_date', 'timestamp') }} as created_at,
    {{ loaded_at(lead) }} as loaded_at,
    {{ parse_errors(lead) }} as parse_errors
from {{ landed_from(lead) }}
where
    {{ live_rows(lead) }}
    and {{ field(lead, 'converted_contact_id') }} is not null
