{{ config(enabled=is_listed('billing', 'stripe')) }}
-- Claim: a landed version of a subscription is staged once for each of its items, and once where it
-- has none; an item of a subscription that never landed is staged once. Test mode is not staged.
{%- set history = landed('stripe', 'subscription_history') %}
{%- set current = landed('stripe', 'subscription', in_demo=false) %}
{%- set subscription = history if history.exists else current %}
{%- set item = landed('stripe', 'subscription_item') %}

with versions as (

    select {{ field(subscription, 'id') }} as subscription_id
    from {{ landed_from(subscription, newest=true) }}
    where
        {{ live_rows(subscription, history=history.exists, keep_deleted=true) }}
        and coalesce({{ field(subscription, 'livemode', 'boolean') }}, true)

),

items as (

    select
        {{ field(item, ['subscription_id', 'subscription']) }} as subscription_id,
        count(*) as row_count
    from {{ landed_from(item, newest=true) }}
    where {{ live_rows(item) }}
    group by 1

),

landed_versions as (

    select coalesce(sum(coalesce(items.row_count, 1)), 0) as row_count
    from versions
    left join items on versions.subscription_id = items.subscription_id

),

lone_items as (

    select coalesce(sum(items.row_count), 0) as row_count
    from items
    where
        not exists (
            select 1 from {{ landed_from(subscription) }}
            where {{ field(subscription, 'id') }} = items.subscription_id
        )

),

totals as (

    select
        landed_versions.row_count + lone_items.row_count as landed,
        (select count(*) from {{ ref('stg_stripe__subscriptions') }}) as staged
    from landed_versions
    cross join lone_items

)

select *
from totals
where landed <> staged
