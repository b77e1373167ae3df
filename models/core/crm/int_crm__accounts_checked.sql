-- Grain: one row per landed account row. Merged-away accounts are sound rows here, and so are those of which an attribute
-- cannot be: the attribute alone is set aside, and the account stays with all its people and answers.
{{ config(materialized='table') }}

with accounts as (

    select
        *,
        {{ copy_number('account_id', [
            'loaded_at desc nulls last', 'created_at desc nulls last', 'source_vendor', 'account_name', 'arr', 'currency', 'external_id', 'parent_account_id',
            'merged_into_account_id', 'segment', 'industry', 'region', 'owner_id', 'is_key_account', 'no_nps_form', 'seats', 'renewal_date',
            'renewal_status', 'is_active', 'is_person_account',
        ]) }}
            as copy_number
    from {{ ref('int_crm__accounts_unioned') }}

),

checked as (

    select
        *,
        {{ quarantine_reason([
            ['missing_key', 'account_id is null'],
            ['duplicate_key', 'copy_number > 1'],
        ]) }} as quarantine_reason,
        {{ quarantine_reason([
            ['unparseable_value', 'parse_errors is not null'],
            ['negative_amount', 'arr < 0 or seats < 0'],
        ]) }} as attribute_reason
    from accounts

)

select
    *,
    {{ record_id('account_id') }} as record_id,
    {{ payload(
        ['account_id', 'external_id', 'parent_account_id', 'merged_into_account_id', 'arr', 'currency', 'seats', 'parse_errors'],
        when=is_set_aside()
    ) }} as payload
from checked
