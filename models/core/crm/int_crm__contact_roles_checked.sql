-- Grain: one row per landed role of a contact on an account or deal.
{{ config(materialized='table') }}

with roles as (

    select
        *,
        {{ copy_number(
            "contact_id, coalesce(account_id, ''), role_name, role_origin",
            ['created_at desc nulls last', 'loaded_at desc nulls last', 'is_primary desc nulls last', 'source_vendor'],
        ) }} as copy_number
    from {{ ref('int_crm__contact_roles_unioned') }}

),

contacts as (

    select contact_id from {{ ref('int_crm__contacts_checked') }} where quarantine_reason is null

),

account_keys as (

    select * from {{ ref('int_crm__account_keys') }}

),

checked as (

    select
        roles.*,
        account_keys.account_id as resolved_account_id,
        {{ quarantine_reason([
            ['missing_key', 'roles.contact_id is null or roles.role_name is null'],
            ['duplicate_key', 'roles.copy_number > 1'],
            ['unparseable_value', 'roles.parse_errors is not null'],
            ['unknown_contact', 'contacts.contact_id is null'],
        ] + account_reasons('roles.account_id', 'account_keys.account_key', 'account_keys.account_id', is_needed=true)) }} as quarantine_reason
    from roles
    left join contacts on roles.contact_id = contacts.contact_id
    left join account_keys on roles.account_id = account_keys.account_key

)

select
    *,
    {{ record_id(key_of('contact_id', [['on ', 'account_id'], ['as ', 'role_name'], ['of ', 'role_origin']])) }} as record_id,
    {{ payload(['contact_id', 'account_id', 'role_name', 'role_origin', 'parse_errors'], persons=['contact_id']) }} as payload
from checked
