-- Grain: one row per landed version of a contact, cut where the next begins.
{{ config(materialized='table') }}

with versions as (

    select
        *,
        {{ copy_number('contact_id, valid_from', [
            'loaded_at desc nulls last', 'valid_to desc nulls first', 'source_vendor', 'account_id', 'title', 'crm_role',
        ]) }} as copy_number
    from {{ ref('int_crm__contact_versions_unioned') }}

),

contacts as (

    select contact_id from {{ ref('int_crm__contacts_checked') }} where quarantine_reason is null

),

account_keys as (

    select * from {{ ref('int_crm__account_keys') }}

),

checked as (

    select
        versions.*,
        account_keys.account_id as resolved_account_id,
        {{ quarantine_reason([
            ['missing_key', 'versions.contact_id is null'],
            ['unparseable_value', 'versions.parse_errors is not null'],
            ['missing_time', 'versions.valid_from is null'],
            ['duplicate_key', 'versions.copy_number > 1'],
            ['invalid_interval', 'versions.valid_to < versions.valid_from'],
            ['unknown_contact', 'contacts.contact_id is null'],
        ] + account_reasons('versions.account_id', 'account_keys.account_key', 'account_keys.account_id')) }} as quarantine_reason
    from versions
    left join contacts on versions.contact_id = contacts.contact_id
    left join account_keys on versions.account_id = account_keys.account_key

)

select
    *,
    {{ closed_at('contact_id') }} as closed_at,
    {{ tells(['account_id', 'title', 'crm_role']) }}
    {{ version_record_id('contact_id') }} as record_id,
    {{ payload(['contact_id', 'valid_from', 'valid_to', 'account_id', 'parse_errors'], persons=['contact_id']) }} as payload
from checked
