-- Grain: one row per landed discount that comes off every invoice of a subscription, or of all of a customer, while it runs. A discount for
-- one invoice is no part of what recurs. What was taken off ended when it was taken off; nobody knows when: it never ran.
{{ config(enabled=is_listed('billing', 'stripe')) }}
{%- set of_subscription = landed('stripe', 'subscription_discount', in_demo=false) %}
{%- set discount = landed('stripe', 'discount', in_demo=false) %}
{%- set coupon = landed('stripe', 'coupon', in_demo=false) %}

with landed_discounts as (

    {% for table in [of_subscription, discount] -%}
    {{ 'union all' if not loop.first }}
    select
        {{ field(table, 'id') }} as discount_id,
        {{ field(table, ['subscription_id', 'subscription']) }} as subscription_id,
        {{ field(table, ['customer_id', 'customer']) }} as customer_id,
        {{ field(table, ['coupon_id', 'coupon', 'source_coupon']) }} as coupon_id,
        {{ field(table, ['start', 'start_date'], 'timestamp') }} as starts_at,
        coalesce(
            {{ field(table, ['end', 'end_date'], 'timestamp') }}, case when {{ is_deleted(table) }} then {{ loaded_at(table) }} end
        ) as ends_at,
        {{ is_deleted(table) }} as is_removed,
        coalesce(
            {{ field(table, 'invoice_id') }}, {{ field(table, 'invoice_item_id') }}, {{ field(table, 'credit_note_line_item_id') }},
            {{ field(table, 'checkout_session_id') }}
        ) is not null as is_of_one_invoice
    from {{ landed_from(table, newest=true) }}
    where {{ live_rows(table, keep_deleted=true) }}
    {% endfor %}

),

coupons as (

    select
        {{ field(coupon, 'id') }} as coupon_id,
        {{ field(coupon, 'percent_off', 'double precision') }} as percent_off,
        {{ field(coupon, 'amount_off', 'double precision') }} as amount_off,
        {{ upper_code(field(coupon, 'currency')) }} as currency,
        {{ fold_case(field(coupon, 'duration')) }} as duration,
        {{ field(coupon, 'duration_in_months', 'bigint') }} as months
    from {{ landed_from(coupon, newest=true) }}
    where {{ live_rows(coupon, keep_deleted=true) }}

)

select
    landed_discounts.discount_id,
    landed_discounts.subscription_id,
    landed_discounts.customer_id,
    landed_discounts.starts_at,
    coalesce(
        landed_discounts.ends_at,
        case when coupons.duration = 'repeating' then {{ dbt.dateadd('month', 'coupons.months', 'landed_discounts.starts_at') }} end
    ) as ends_at,
    coupons.percent_off,
    coupons.amount_off,
    coupons.currency
from landed_discounts
inner join coupons on landed_discounts.coupon_id = coupons.coupon_id
where
    not landed_discounts.is_of_one_invoice
    and not (landed_discounts.is_removed and landed_discounts.ends_at is null)
    and coalesce(coupons.duration, 'forever') <> 'once'
