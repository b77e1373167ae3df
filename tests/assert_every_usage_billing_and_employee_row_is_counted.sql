-- Rows in = rows out + rows quarantined + rows set apart on purpose (drafts, void invoices), and no
-- event is lost or doubled on the way to the mart.
with counts as (

    select 'invoices' as what, count(*) as landed, 0 as kept from {{ ref('int_billing__invoices_unioned') }}
    union all
    select 'invoices' as what, 0 as landed, count(*) as kept from {{ ref('fct_invoices') }}
    union all
    select 'invoices' as what, 0 as landed, count(*) as kept
    from {{ ref('int_billing__invoices_checked') }}
    where quarantine_reason is not null or not is_billed
    union all
    select 'subscriptions' as what, count(*) as landed, 0 as kept from {{ ref('int_billing__subscriptions_unioned') }}
    union all
    select 'subscriptions' as what, 0 as landed, count(*) as kept from {{ ref('int_billing__subscriptions_checked') }}
    union all
    select 'customers' as what, count(*) as landed, 0 as kept from {{ ref('int_billing__billing_customers_unioned') }}
    union all
    select 'customers' as what, 0 as landed, count(*) as kept from {{ ref('int_billing__billing_customers_checked') }}
    union all
    select 'usage events' as what, coalesce(sum(events), 0) as landed, 0 as kept from {{ ref('int_usage__usage_days_unioned') }}
    union all
    select 'usage events' as what, 0 as landed, coalesce(sum(events), 0) as kept from {{ ref('fct_account_usage_days') }}
    union all
    select 'usage events' as what, 0 as landed, coalesce(sum(events), 0) as kept
    from {{ ref('int_usage__usage_days_checked') }}
    where quarantine_reason is not null
    union all
    select 'employees' as what, count(*) as landed, 0 as kept from {{ ref('int_employee__employees_unioned') }}
    union all
    select 'employees' as what, 0 as landed, count(*) as kept from {{ ref('int_employee__employees_checked') }}

)

select
    what,
    sum(landed) as landed,
    sum(kept) as kept
from counts
group by what
having sum(landed) <> sum(kept)
