-- Grain: one row per landed line of an invoice that bills a period of a subscription: what its item cost, and how many there were, when
-- the period began. Lines of usage already had, one-off charges and credits tell nothing of that; the charge for the rest of a period after
-- a change does. A line that names no item is one of the only item.
{{ config(enabled=is_listed('billing', 'stripe')) }}
{%- set line = landed('stripe', 'invoice_line_item', in_demo=false) %}
{%- set item = landed('stripe', 'subscription_item') %}

with landed_lines as (

    select
        {{ field(line, ['unique_id', 'id']) }} as line_id,
        {{ field(line, ['subscription_id', 'subscription']) }} as subscription_id,
        {{ field(line, ['subscription_item_id', 'subscription_item']) }} as item_id,
        {{ field(line, ['price_id', 'plan_id', 'price', 'plan']) }} as price_id,
        {{ field(line, 'quantity', 'bigint') }} as quantity,
        {{ field(line, 'amount', 'double precision') }} as amount,
        {{ upper_code(field(line, 'currency')) }} as currency,
        {{ field(line, 'period_start', 'timestamp') }} as period_start,
        {{ field(line, 'period_end', 'timestamp') }} as period_end,
        coalesce({{ field(line, 'proration', 'boolean') }}, false) as is_proration
    from {{ landed_from(line, newest=true) }}
    where
        {{ live_rows(line, keep_deleted=true) }}
        and coalesce({{ field(line, 'livemode', 'boolean') }}, true)

),

only_items as (

    select
        subscription_id,
        min(item_id) as item_id
    from (
        select
            {{ field(item, ['subscription_id', 'subscription'], required=true) }} as subscription_id,
            {{ field(item, 'id', required=true) }} as item_id
        from {{ landed_from(item) }}
        where {{ live_rows(item, keep_deleted=true) }}
    ) as items
    group by subscription_id
    having count(distinct item_id) = 1

)

select
    landed_lines.line_id,
    landed_lines.subscription_id,
    coalesce(landed_lines.item_id, only_items.item_id) as item_id,
    landed_lines.price_id,
    landed_lines.quantity,
    -- of a part of a period the amount is a part
    case when not landed_lines.is_proration then landed_lines.amount end as amount,
    landed_lines.currency,
    landed_lines.period_start,
    landed_lines.period_end
from landed_lines
left join only_items on landed_lines.subscription_id = only_items.subscription_id
where
    landed_lines.subscription_id is not null
    and landed_lines.period_start is not null
    and not (landed_lines.is_proration and coalesce(landed_lines.amount, 0) <= 0)
