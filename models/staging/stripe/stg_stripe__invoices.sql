-- Drafts and void invoices stay, with their status: int_billing__invoices sets them apart.
{{ config(enabled=is_listed('billing', 'stripe')) }}
{%- set invoice = landed('stripe', 'invoice') %}

with invoices as (

    select
        {{ field(invoice, 'id', required=true) }} as invoice_id,
        {{ field(invoice, ['customer_id', 'customer']) }} as customer_id,
        {{ fold_case(field(invoice, 'status')) }} as landed_status,
        {{ field(invoice, 'paid', 'boolean') }} as is_paid,
        {{ field(invoice, ['status_transitions_finalized_at', 'finalized_at'], 'timestamp') }} as finalized_at,
        {{ field(invoice, 'created', 'timestamp') }} as created_at,
        {{ reporting_date(field(invoice, 'due_date', 'timestamp')) }} as due_date,
        {{ field(invoice, ['status_transitions_paid_at', 'paid_at'], 'timestamp') }} as paid_at,
        coalesce({{ field(invoice, 'amount_due', 'bigint') }}, {{ field(invoice, 'total', 'bigint') }}) as minor_amount,
        {{ upper_code(field(invoice, 'currency')) }} as currency,
        {{ loaded_at(invoice) }} as loaded_at,
        {{ parse_errors(invoice, conditions=['livemode']) }} as parse_errors
    from {{ landed_from(invoice) }}
    where
        {{ live_rows(invoice) }}
        and coalesce({{ field(invoice, 'livemode', 'boolean') }}, true)

)

select
    invoice_id,
    customer_id,
    coalesce(landed_status, case when is_paid then 'paid' end) as status,
    coalesce(finalized_at, created_at) as issued_at,
    due_date,
    paid_at,
    {{ to_money('minor_amount / ' ~ minor_units('currency')) }} as amount,
    currency,
    loaded_at,
    parse_errors
from invoices
