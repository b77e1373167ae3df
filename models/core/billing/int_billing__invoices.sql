-- Grain: one sound invoice that asked for money, as it stood on as_of_date (a later payment has
-- not happened yet), in the reporting currency at the rate of the day of issue.
select
    source_vendor,
    invoice_id,
    customer_id,
    account_id,
    status,
    issued_date,
    coalesce(due_date, issued_date) as due_date,
    case when not {{ is_after_as_of('paid_at') }} then {{ reporting_date('paid_at') }} end as paid_date,
    -- paid, but nobody knows when
    coalesce(status = 'paid', false) and paid_at is null as is_payment_date_missing,
    cast(amount * exchange_rate as numeric(18, 2)) as amount
from {{ ref('int_billing__invoices_checked') }}
where quarantine_reason is null and is_billed
