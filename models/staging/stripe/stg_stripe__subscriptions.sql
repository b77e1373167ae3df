-- Grain: one row per version of a subscription and item of it. Stripe lands items and prices as
-- they are now, so an older version carries today's price; the quantity of its own time is known
-- where the subscription has one item. Discounts are not counted: revenue is the list price. An item of a subscription that
-- never landed stands alone, without a customer and without a time. One that was deleted stays and ends: when it was cancelled, else
-- when the loader saw it gone, and where neither is known it goes on.
{{ config(enabled=is_listed('billing', 'stripe')) }}
{%- set history = landed('stripe', 'subscription_history') %}
{%- set current = landed('stripe', 'subscription', in_demo=false) %}
{%- set subscription = history if history.exists else current %}
{%- set item = landed('stripe', 'subscription_item') %}
{%- set price = landed('stripe', 'price') %}
{%- set plan = landed('stripe', 'plan', in_demo=false) %}
{%- set in_order = (
    'partition by subscription_id order by version_start nulls last, loaded_at nulls last, status nulls last, quantity nulls last'
) %}

with landed_versions as (

    select
        {{ field(subscription, 'id', required=true) }} as subscription_id,
        {{ field(subscription, ['customer_id', 'customer']) }} as customer_id,
        {{ fold_case(field(subscription, 'status')) }} as status,
        {{ field(subscription, 'quantity', 'bigint') }} as quantity,
        {{ field(subscription, ['price_id', 'plan_id']) }} as price_id,
        {{ field(subscription, 'currency') }} as currency,
        {{ field(subscription, '_fivetran_start', 'timestamp') }} as version_start,
        {{ field(subscription, '_fivetran_end', 'timestamp') }} as version_end,
        coalesce({{ field(subscription, 'start_date', 'timestamp') }}, {{ field(subscription, 'created', 'timestamp') }})
            as started_at,
        {{ field(subscription, 'trial_end', 'timestamp') }} as trial_end,
        -- canceled_at of a running subscription is the day of the notice, not the end
        coalesce(
            {{ field(subscription, 'ended_at', 'timestamp') }},
            case when {{ fold_case(field(subscription, 'status')) }} = 'canceled' then {{ field(subscription, 'canceled_at', 'timestamp') }} end,
            case
                when {{ is_deleted(subscription) }}
                    then coalesce({{ field(subscription, 'canceled_at', 'timestamp') }}, {{ loaded_at(subscription) }})
            end
        ) as ended_at,
        {{ loaded_at(subscription) }} as loaded_at,
        {{ parse_errors(subscription, [
            ('quantity', 'bigint'), ('_fivetran_start', 'timestamp'), ('_fivetran_end', 'timestamp'), ('start_date', 'timestamp'),
            ('created', 'timestamp'), ('trial_end', 'timestamp'), ('ended_at', 'timestamp'), ('canceled_at', 'timestamp'),
        ]) }} as parse_errors
    from {{ landed_from(subscription, newest=true) }}
    where
        {{ live_rows(subscription, history=history.exists, keep_deleted=true) }}
        and coalesce({{ field(subscription, 'livemode', 'boolean') }}, true)

),

numbered_versions as (

    select
        *,
        row_number() over ({{ in_order }}) as version_number,
        lead(version_start) over ({{ in_order }}) as next_start,
        max(ended_at) over (partition by subscription_id) as subscription_ended_at,
        case when status <> 'trialing' and trial_end > started_at then trial_end else started_at end
            as earned_from
    from landed_versions

),

-- the first landed version reaches back to the start: the connector may be younger
started_versions as (

    select
        *,
        case
            when version_number > 1 or earned_from is null or earned_from >= next_start
                then version_start
            else earned_from
        end as valid_from,
        coalesce(
            next_start,
            case when version_end < timestamp '9999-01-01 00:00:00' then version_end end
        ) as version_valid_to
    from numbered_versions

),

versions as (

    select
        *,
        case
            when
                subscription_ended_at > valid_from
                and (version_valid_to is null or subscription_ended_at < version_valid_to)
                then subscription_ended_at
            else version_valid_to
        end as valid_to,
        -- landed only after it was cancelled: it earned until then
        status in ('active', 'past_due')
        or (status = 'canceled' and version_number = 1 and ended_at > valid_from) as is_paying
    from started_versions

),

items as (

    select
        {{ field(item, 'id', required=true) }} as item_id,
        {{ field(item, ['subscription_id', 'subscription'], required=true) }} as subscription_id,
        {{ field(item, ['price_id', 'plan_id', 'price', 'plan']) }} as price_id,
        {{ field(item, 'quantity', 'bigint') }} as quantity,
        count(*) over (partition by {{ field(item, ['subscription_id', 'subscription']) }}) as items_of_subscription,
        {{ loaded_at(item) }} as loaded_at,
        {{ parse_errors(item, [('quantity', 'bigint', 'item_quantity')]) }} as parse_errors
    from {{ landed_from(item, newest=true) }}
    where {{ live_rows(item) }}

),

-- those of test mode too
known_subscriptions as (

    select distinct {{ field(subscription, 'id') }} as subscription_id
    from {{ landed_from(subscription) }}

),

landed_prices as (

    select
        {{ field(price, 'id', required=true) }} as price_id,
        coalesce({{ field(price, 'unit_amount', 'double precision') }}, {{ field(price, 'unit_amount_decimal', 'double precision') }})
            as unit_amount,
        {{ field(price, 'currency') }} as currency,
        {{ fold_case(field(price, 'recurring_interval')) }} as recurring_interval,
        {{ field(price, 'recurring_interval_count', 'bigint') }} as interval_count,
        {{ fold_case(field(price, 'recurring_usage_type')) }} as usage_type,
        {{ parse_errors(price, [
            ('unit_amount', 'double precision'), ('unit_amount_decimal', 'double precision'), ('recurring_interval_count', 'bigint'),
        ]) }} as parse_errors,
        1 as precedence
    from {{ landed_from(price, newest=true) }}
    where {{ live_rows(price, keep_deleted=true) }}

    union all

    select
        {{ field(plan, 'id', required=true) }} as price_id,
        coalesce({{ field(plan, 'amount', 'double precision') }}, {{ field(plan, 'amount_decimal', 'double precision') }})
            as unit_amount,
        {{ field(plan, 'currency') }} as currency,
        {{ fold_case(field(plan, 'interval')) }} as recurring_interval,
        {{ field(plan, 'interval_count', 'bigint') }} as interval_count,
        {{ fold_case(field(plan, 'usage_type')) }} as usage_type,
        {{ parse_errors(plan, [('amount', 'double precision'), ('amount_decimal', 'double precision'), ('interval_count', 'bigint')]) }}
            as parse_errors,
        2 as precedence
    from {{ landed_from(plan, newest=true) }}
    where {{ live_rows(plan, keep_deleted=true) }}

),

prices as (

    select
        *,
        case recurring_interval
            when 'year' then 1.0
            when 'month' then 12.0
            when 'week' then 52.0
            when 'day' then 365.0
        end / coalesce(nullif(interval_count, 0), 1) as times_a_year,
        row_number() over (partition by price_id order by precedence, unit_amount nulls last, currency nulls last)
            as price_number
    from landed_prices

),

-- a metered or tiered item has no unit price that quantity multiplies: its revenue is unknown
priced_versions as (

    select
        versions.subscription_id,
        versions.version_number,
        versions.customer_id,
        versions.status,
        versions.is_paying,
        versions.valid_from,
        versions.valid_to,
        versions.loaded_at,
        {{ comma_list(['versions.parse_errors', 'items.parse_errors', 'prices.parse_errors']) }} as parse_errors,
        items.item_id,
        case
            when items.items_of_subscription > 1 then items.quantity
            else coalesce(versions.quantity, items.quantity)
        end as seats,
        case when coalesce(prices.usage_type, 'licensed') <> 'metered' then prices.unit_amount end
            as unit_amount,
        prices.times_a_year,
        {{ upper_code('coalesce(prices.currency, versions.currency)') }} as price_currency
    from versions
    left join items on versions.subscription_id = items.subscription_id
    left join prices
        on
            coalesce(items.price_id, versions.price_id) = prices.price_id
            and prices.price_number = 1

)

select
    subscription_id || '#' || cast(version_number as {{ dbt.type_string() }}) || coalesce('#' || item_id, '')
        as subscription_version_id,
    subscription_id,
    item_id as subscription_item_id,
    customer_id,
    status,
    coalesce(is_paying, false) as is_paying,
    seats,
    {{ to_money('unit_amount * seats * times_a_year / 12.0 / ' ~ minor_units('price_currency')) }} as mrr,
    price_currency as currency,
    valid_from,
    valid_to,
    loaded_at,
    parse_errors
from priced_versions

union all

select
    items.subscription_id || '#0' || coalesce('#' || items.item_id, '') as subscription_version_id,
    items.subscription_id,
    items.item_id as subscription_item_id,
    cast(null as {{ sql_type('string') }}) as customer_id,
    cast(null as {{ sql_type('string') }}) as status,
    false as is_paying,
    items.quantity as seats,
    cast(null as {{ sql_type('numeric(18,2)') }}) as mrr,
    cast(null as {{ sql_type('string') }}) as currency,
    cast(null as {{ sql_type('timestamp') }}) as valid_from,
    cast(null as {{ sql_type('timestamp') }}) as valid_to,
    items.loaded_at,
    items.parse_errors
from items
left join known_subscriptions on items.subscription_id = known_subscriptions.subscription_id
where known_subscriptions.subscription_id is null
