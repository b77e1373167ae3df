-- Grain: one row per item of a subscription, of copies the newest, removed ones too: price and quantity as they are now, or were at
-- last. starts_at: null where the item is as old as its subscription. ends_at: null while it lasts. An item that only invoices know was
-- there until the last period they bill; what it costs now nobody says (is_landed false).
{{ config(enabled=is_listed('billing', 'stripe'), materialized=read_by_several()) }}
{%- set item = landed('stripe', 'subscription_item') %}

with landed_items as (

    select
        {{ field(item, 'id', required=true) }} as item_id,
        {{ field(item, ['subscription_id', 'subscription'], required=true) }} as subscription_id,
        {{ field(item, ['price_id', 'plan_id', 'price', 'plan']) }} as price_id,
        {{ field(item, 'quantity', 'bigint') }} as quantity,
        {{ field(item, 'created', 'timestamp') }} as created_at,
        {{ is_deleted(item) }} as is_removed,
        {{ loaded_at(item) }} as loaded_at
    from {{ landed_from(item, newest=true) }}
    where {{ live_rows(item, keep_deleted=true) }}

),

lines as (

    select * from {{ ref('stg_stripe__invoice_lines') }}

),

billed as (

    select
        subscription_id,
        item_id,
        min(period_start) as first_billed_at,
        max(period_end) as billed_until,
        min(min(period_start)) over (partition by subscription_id) as subscription_billed_at
    from lines
    where item_id is not null
    group by subscription_id, item_id

),

subscriptions as (

    select
        subscription_id,
        min(created_at) as created_at
    from {{ ref('stg_stripe__subscription_versions') }}
    group by subscription_id

),

known_items as (

    select
        item_id,
        subscription_id,
        price_id,
        quantity,
        created_at,
        case when is_removed then loaded_at end as ends_at,
        loaded_at,
        true as is_landed
    from landed_items
    -- removed nobody knows when: it was never there
    where not (is_removed and loaded_at is null)

    union all

    select
        billed.item_id,
        billed.subscription_id,
        cast(null as {{ sql_type('string') }}) as price_id,
        cast(null as {{ sql_type('bigint') }}) as quantity,
        cast(null as {{ sql_type('timestamp') }}) as created_at,
        billed.billed_until as ends_at,
        cast(null as {{ sql_type('timestamp') }}) as loaded_at,
        false as is_landed
    from billed
    left join landed_items on billed.item_id = landed_items.item_id
    where landed_items.item_id is null and billed.billed_until is not null

)

select
    known_items.item_id,
    known_items.subscription_id,
    known_items.price_id,
    known_items.quantity,
    case
        when {{ reporting_date('known_items.created_at') }} > {{ reporting_date('subscriptions.created_at') }} then known_items.created_at
        when
            known_items.created_at is null
            and {{ reporting_date('billed.first_billed_at') }} > {{ reporting_date('billed.subscription_billed_at') }}
            then billed.first_billed_at
    end as starts_at,
    known_items.ends_at,
    known_items.is_landed,
    known_items.loaded_at
from known_items
left join billed on known_items.item_id = billed.item_id and known_items.subscription_id = billed.subscription_id
left join subscriptions on known_items.subscription_id = subscriptions.subscription_id
