-- Grain: one row per vendor and billing customer that is named anywhere, with its CRM account
-- (null: nobody knows it) and currency. A customer that is not listed may be the CRM's own key.
with customers as (

    select
        source_vendor,
        customer_id,
        account_id,
        known_account_key,
        currency
    from {{ ref('int_billing__billing_customers_checked') }}
    where copy_number = 1 and customer_id is not null

),

named as (

    select
        source_vendor,
        customer_id
    from {{ ref('int_billing__subscriptions_unioned') }}

    union distinct

    select
        source_vendor,
        customer_id
    from {{ ref('int_billing__invoices_unioned') }}

)

select
    named.source_vendor,
    named.customer_id,
    case when customers.customer_id is null then account_keys.account_id else customers.account_id end
        as account_id,
    case when customers.customer_id is null then account_keys.account_key else customers.known_account_key end is not null
    and case when customers.customer_id is null then account_keys.account_id else customers.account_id end is null
        as is_account_ambiguous,
    customers.currency
from named
left join customers
    on
        named.source_vendor = customers.source_vendor
        and named.customer_id = customers.customer_id
left join {{ ref('int_crm__account_keys') }} as account_keys
    on named.customer_id = account_keys.account_key
where named.customer_id is not null
