{{ config(enabled=is_listed('billing', 'stripe')) }}
-- Claim: every landed version of a subscription is staged, and every item that was not removed: in the versions it lasted in, or alone
-- where its subscription never landed. Test mode is not staged.
{%- set history = landed('stripe', 'subscription_history') %}
{%- set current = landed('stripe', 'subscription', in_demo=false) %}
{%- set subscription = history if history.exists else current %}
{%- set item = landed('stripe', 'subscription_item') %}

with landed_versions as (

    select
        {{ field(subscription, 'id') }} as subscription_id,
        count(*) as row_count
    from {{ landed_from(subscription, newest=true) }}
    where
        {{ live_rows(subscription, history=history.exists, keep_deleted=true) }}
        and coalesce({{ field(subscription, 'livemode', 'boolean') }}, true)
    group by 1

),

landed_subscriptions as (

    select distinct {{ field(subscription, 'id') }} as subscription_id
    from {{ landed_from(subscription) }}

),

landed_items as (

    select
        {{ field(item, 'id') }} as item_id,
        {{ field(item, ['subscription_id', 'subscription']) }} as subscription_id
    from {{ landed_from(item, newest=true) }}
    where {{ live_rows(item) }}

),

staged as (

    select
        subscription_id,
        subscription_item_id
    from {{ ref('stg_stripe__subscriptions') }}
    group by subscription_id, subscription_item_id

),

staged_versions as (

    select
        versions.subscription_id,
        count(distinct versions.version_number) as row_count
    from {{ ref('stg_stripe__subscription_versions') }} as versions
    inner join staged on versions.subscription_id = staged.subscription_id
    group by versions.subscription_id

)

select
    'version' as what,
    landed_versions.subscription_id as what_key
from landed_versions
left join staged_versions on landed_versions.subscription_id = staged_versions.subscription_id
where landed_versions.row_count <> coalesce(staged_versions.row_count, 0)

union all

select
    'item' as what,
    landed_items.item_id as what_key
from landed_items
left join staged on landed_items.item_id = staged.subscription_item_id
left join landed_versions on landed_items.subscription_id = landed_versions.subscription_id
left join landed_subscriptions on landed_items.subscription_id = landed_subscriptions.subscription_id
where
    staged.subscription_item_id is null
    and (landed_versions.subscription_id is not null or landed_subscriptions.subscription_id is null)
