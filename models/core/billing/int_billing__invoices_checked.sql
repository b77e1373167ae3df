-- Grain: one row per landed invoice. Drafts (not yet asked for) and void invoices (withdrawn) are
-- sound rows with is_billed = false.
{{ config(materialized='table') }}

with invoices as (

    select
        *,
        {{ copy_number('invoice_id', [
            'loaded_at desc nulls last', 'issued_at desc nulls last', 'paid_at desc nulls last', 'source_vendor', 'status', 'amount', 'customer_id',
            'due_date', 'currency',
        ]) }}
            as copy_number
    from {{ ref('int_billing__invoices_unioned') }}

),

customers as (select * from {{ ref('int_billing__customer_accounts') }}),

with_currency as (

    select
        invoices.source_vendor,
        invoices.invoice_id,
        invoices.customer_id,
        customers.account_id,
        customers.is_account_ambiguous,
        {{ fold_case('invoices.status') }} as status,
        coalesce({{ fold_case('invoices.status') }}, 'open') not in ('draft', 'void', 'voided', 'deleted') as is_billed,
        invoices.issued_at,
        invoices.due_date,
        invoices.paid_at,
        coalesce({{ reporting_date('invoices.issued_at') }}, invoices.due_date) as issued_date,
        invoices.amount,
        {{ upper_code("coalesce(invoices.currency, customers.currency, '" ~ var("reporting_currency") ~ "')") }} as currency,
        invoices.loaded_at,
        invoices.parse_errors,
        invoices.copy_number
    from invoices
    left join customers
        on
            invoices.source_vendor = customers.source_vendor
            and invoices.customer_id = customers.customer_id

),

converted as (

    select
        with_currency.*,
        exchange_rates.rate as exchange_rate
    from with_currency
    left join {{ ref('int_policy__exchange_rates') }} as exchange_rates
        on
            with_currency.currency = exchange_rates.from_currency
            and with_currency.issued_date >= exchange_rates.valid_from
            and (exchange_rates.valid_until is null or with_currency.issued_date < exchange_rates.valid_until)

),

checked as (

    select
        *,
        {{ quarantine_reason([
            ['missing_key', 'invoice_id is null'],
            ['duplicate_key', 'copy_number > 1'],
            ['unparseable_value', 'parse_errors is not null'],
            ['missing_time', 'issued_date is null'],
            ['implausible_time', "issued_date < date '1990-01-01' or due_date < date '1990-01-01'"],
            ['after_as_of_date', 'issued_date > ' ~ as_of_date_sql() ~ ' and issued_at is not null'],
            ['impossible_order', reporting_date('paid_at') ~ ' < issued_date and issued_at is not null'],
            ['ambiguous_account', 'is_account_ambiguous'],
            ['unknown_customer', 'account_id is null'],
            ['negative_amount', 'amount < 0'],
            ['unknown_currency', 'exchange_rate is null'],
        ]) }} as quarantine_reason
    from converted

)

select
    *,
    {{ record_id('invoice_id') }} as record_id,
    {{ payload(['invoice_id', 'customer_id', 'status', 'issued_at', 'due_date', 'paid_at', 'amount', 'currency', 'parse_errors']) }}
        as payload
from checked
