-- Grain: one row per landed contact row, with its account seen through merges and the contact
-- that answers for it when it was merged away.
{{ config(materialized='table') }}

with contacts as (

    select
        *,
        {{ copy_number('contact_id', [
            'loaded_at desc nulls last', 'created_at desc nulls last', 'source_vendor', 'account_id', 'email_key', 'title',
            'external_id', 'crm_role', 'department', 'is_champion', 'is_opted_out', 'left_at', 'has_left', 'merged_into_contact_id',
        ]) }} as copy_number
    from {{ ref('int_crm__contacts_unioned') }}

),

account_keys as (

    select * from {{ ref('int_crm__account_keys') }}

),

checked as (

    select
        contacts.*,
        account_keys.account_id as resolved_account_id,
        coalesce(contacts.email_key, {{ contact_key('contacts.contact_id') }}) as contact_key,
        {{ quarantine_reason([
            ['missing_key', 'contacts.contact_id is null'],
            ['duplicate_key', 'contacts.copy_number > 1'],
        ] + account_reasons('contacts.account_id', 'account_keys.account_key', 'account_keys.account_id')) }} as quarantine_reason,
        {{ quarantine_reason([['unparseable_value', 'contacts.parse_errors is not null']]) }} as attribute_reason
    from contacts
    left join account_keys on contacts.account_id = account_keys.account_key

)

select
    *,
    {{ record_id('contact_id') }} as record_id,
    {{ payload(
        ['contact_id', 'account_id', 'external_id', 'merged_into_contact_id', 'parse_errors'],
        persons=['contact_id', 'external_id', 'merged_into_contact_id'], when=is_set_aside()
    ) }} as payload
from checked
