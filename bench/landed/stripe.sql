-- shared: stripe.price
id varchar, unit_amount bigint, currency varchar, recurring_interval varchar, recurring_interval_count bigint, type varchar,
_fivetran_synced timestamp

-- table: stripe.customer
select
    'cus_bulk' || a as id,
    'Customer ' || a as name,
    'billing@' || domain as email,
    currency,
    joined_on::timestamp as created,
    false as is_deleted,
    true as livemode,
    '{"account_id": "' || id || '"}' as metadata,
    joined_on::timestamp as _fivetran_synced
from (select *, pick(['usd', 'usd', 'eur'], u('currency', a)) as currency from accounts)
where joined_on < closes_at();

-- table: stripe.subscription_history
select
    'sub_bulk' || a as id,
    'cus_bulk' || a as customer_id,
    case when version = 3 then 'canceled' else 'active' end as status,
    cast(joined_on as timestamp) as created,
    cast(joined_on as timestamp) as start_date,
    case when version = 3 then cast(left_on as timestamp) end as ended_at,
    case when version = 1 then seats else greatest(1, cast(round(seats * (0.8 + 0.5 * u('growth', a))) as bigint)) end as quantity,
    starts_at as _fivetran_start,
    coalesce(
        lead(starts_at) over (partition by a order by version) - interval 1 millisecond,
        timestamp '9999-12-31 23:59:59'
    ) as _fivetran_end,
    lead(starts_at) over (partition by a order by version) is null as _fivetran_active,
    starts_at + interval 1 hour as _fivetran_synced
from (
    select
        *,
        case version
            when 1 then cast(joined_on as timestamp)
            when 2 then joined_on + to_days(cast(90 + u('grows on', a) * 900 as integer)) + interval 10 hour
            else left_on + interval 1 hour
        end as starts_at
    from accounts, range(1, 4) as versions(version)
)
where starts_at < closes_at() and (left_on is null or starts_at <= left_on + interval 1 hour);

-- table: stripe.subscription_item
select
    'si_bulk' || a as id,
    'sub_bulk' || a as subscription_id,
    'price_' || segment || '_' || pick(['usd', 'usd', 'eur'], u('currency', a)) || '_3m' as plan_id,
    seats as quantity,
    cast(joined_on as timestamp) as _fivetran_synced
from accounts
where joined_on < closes_at();

-- table: stripe.invoice
select
    'in_bulk' || a || '_' || q as id,
    'cus_bulk' || a as customer_id,
    case when u('void', a * 20 + q) < 0.005 then 'void' when paid_at < closes_at() then 'paid' else 'open' end as status,
    seats * 120000 as amount_due,
    seats * 120000 as total,
    pick(['usd', 'usd', 'eur'], u('currency', a)) as currency,
    issued_at as created,
    issued_at + interval 30 day as due_date,
    issued_at + interval 1 hour as status_transitions_finalized_at,
    known(paid_at) as status_transitions_paid_at,
    paid_at < closes_at() as paid,
    false as is_deleted,
    coalesce(known(paid_at), issued_at) + interval 6 hour as _fivetran_synced
from (
    select
        *,
        issued_at + to_hours(cast(floor((4 + 36 * u('pays', a * 20 + q) * (1.4 - health)) * 24) as bigint)) as paid_at
    from (
        select *, getvariable('start') + to_days(cast(91 * q + u('billed on', a) * 91 as integer)) + interval 8 hour as issued_at
        from accounts, range(12) as quarters(q)
    )
    inner join account_months using (a)
    where m = month_number(issued_at) and issued_at < closes_at() and is_customer(issued_at, joined_on, left_on)
);
