-- Grain: one row per landed billing customer, with the CRM account it stands for.
with customers as (

    select
        *,
        {{ copy_number('source_vendor, customer_id', ['loaded_at desc nulls last', 'account_ref', 'currency', 'email_key']) }}
            as copy_number
    from {{ ref('int_billing__billing_customers_unioned') }}

),

resolved as (

    select
        customers.*,
        account_keys.account_key as known_account_key,
        account_keys.account_id
    from customers
    left join {{ ref('int_crm__account_keys') }} as account_keys
        on coalesce(customers.account_ref, customers.customer_id) = account_keys.account_key

),

checked as (

    select
        *,
        {{ quarantine_reason([
            ['missing_key', 'customer_id is null'],
            ['duplicate_key', 'copy_number > 1'],
        ] + account_reasons('account_ref', 'known_account_key', 'account_id', is_needed=true)) }} as quarantine_reason,
        {{ quarantine_reason([['unparseable_value', 'parse_errors is not null']]) }} as attribute_reason
    from resolved

)

select
    *,
    {{ record_id('customer_id') }} as record_id,
    {{ payload(['customer_id', 'account_ref', 'currency', 'parse_errors'], when=is_set_aside()) }} as payload
from checked
