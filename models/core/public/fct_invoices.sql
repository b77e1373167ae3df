select
    invoice_id,
    account_id,
    source_vendor,
    status,
    issued_date,
    due_date,
    paid_date,
    amount,
    case
        when amount = 0 or is_payment_date_missing then null
        when paid_date <= due_date then true
        when paid_date > due_date or due_date <= {{ as_of_date_sql() }} then false
    end as is_on_time
from {{ ref('int_billing__invoices') }}
