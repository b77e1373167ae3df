-- Grain: one row per period end and account with an invoice due in the window. What is due on the
-- very day may still be paid on it: unpaid, it counts from the next day on.
select
    window_days.period_end,
    invoices.account_id,
    {{ share_true('case when invoices.is_on_time or window_days.days_back > 0 then invoices.is_on_time end') }}
        as payment_timeliness
from {{ ref('fct_invoices') }} as invoices
inner join {{ ref('int_health__window_days') }} as window_days on invoices.due_date = window_days.date_day
where window_days.days_back < {{ signal_window('payment_timeliness') }}
group by window_days.period_end, invoices.account_id
