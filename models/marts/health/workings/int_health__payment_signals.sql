-- Grain: one row per period end and account with an invoice due in the window. A period ends with its last day: what was due on that
-- day and is unpaid when it is over was not paid in time.
select
    window_days.period_end,
    invoices.account_id,
    {{ share_true('invoices.is_on_time') }} as payment_timeliness
from {{ ref('fct_invoices') }} as invoices
inner join {{ ref('int_policy__window_days') }} as window_days on invoices.due_date = window_days.date_day
where window_days.days_back < {{ signal_window('payment_timeliness') }}
group by window_days.period_end, invoices.account_id
