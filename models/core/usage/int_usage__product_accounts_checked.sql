-- Grain: one row per landed product account, with the CRM account it stands for.
with product_accounts as (

    select
        *,
        {{ copy_number('source_vendor, product_account_id', [
            'loaded_at desc nulls last', 'parse_errors nulls first', 'account_ref', 'modules_entitled',
        ]) }} as copy_number
    from {{ ref('int_usage__product_accounts_unioned') }}

),

resolved as (

    select
        product_accounts.*,
        account_keys.account_key as known_account_key,
        account_keys.account_id
    from product_accounts
    left join {{ ref('int_crm__account_keys') }} as account_keys
        on coalesce(product_accounts.account_ref, product_accounts.product_account_id) = account_keys.account_key

),

checked as (

    select
        *,
        {{ quarantine_reason([
            ['missing_key', 'product_account_id is null'],
            ['duplicate_key', 'copy_number > 1'],
        ] + account_reasons('account_ref', 'known_account_key', 'account_id', is_needed=true)) }} as quarantine_reason,
        {{ quarantine_reason([
            ['unparseable_value', 'parse_errors is not null'],
            ['negative_amount', 'modules_entitled < 0'],
        ]) }} as attribute_reason
    from resolved

)

select
    *,
    {{ record_id('product_account_id') }} as record_id,
    {{ payload(['product_account_id', 'account_ref', 'modules_entitled', 'parse_errors'], when=is_set_aside()) }} as payload
from checked
