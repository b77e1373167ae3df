-- Grain: one row per landed subscription version. A subscription is converted at the rate of the
-- day it began, for all its life: a moving exchange rate is neither expansion nor contraction.
{{ config(materialized='table') }}

with copies as (

    select
        *,
        {{ copy_number('source_vendor, subscription_version_id', [
            'loaded_at desc nulls last', 'valid_from desc', 'valid_to', 'mrr', 'seats', 'status', 'customer_id', 'currency', 'is_paying',
            'subscription_id', 'subscription_item_id',
        ]) }}
            as copy_number
    from {{ ref('int_billing__subscriptions_unioned') }}

),

-- two keys that begin in one moment: a copy that is set aside already takes no number from the row that counts
subscriptions as (

    select
        *,
        {{ copy_number('source_vendor, subscription_id, subscription_item_id, valid_from', [
            'copy_number', 'case when valid_to = valid_from then 1 else 0 end', 'loaded_at desc nulls last',
            'subscription_version_id desc', 'valid_to', 'mrr', 'seats', 'status', 'customer_id', 'currency', 'is_paying',
        ]) }}
            as version_copy_number,
        min(case when not {{ is_before_plausible('valid_from') }} then {{ reporting_date('valid_from') }} end)
            over (partition by source_vendor, subscription_id) as began_on
    from copies

),

customers as (select * from {{ ref('int_billing__customer_accounts') }}),

with_currency as (

    select
        subscriptions.source_vendor,
        subscriptions.subscription_version_id,
        subscriptions.subscription_id,
        subscriptions.subscription_item_id,
        subscriptions.customer_id,
        customers.account_id,
        customers.is_account_ambiguous,
        subscriptions.status,
        subscriptions.is_paying,
        subscriptions.is_paused,
        subscriptions.seats,
        subscriptions.mrr,
        subscriptions.net_mrr,
        subscriptions.price_as_of,
        {{ upper_code("coalesce(subscriptions.currency, customers.currency, '" ~ var("reporting_currency") ~ "')") }} as currency,
        subscriptions.valid_from,
        subscriptions.valid_to,
        subscriptions.began_on,
        subscriptions.loaded_at,
        subscriptions.parse_errors,
        subscriptions.copy_number,
        subscriptions.version_copy_number
    from subscriptions
    left join customers
        on
            subscriptions.source_vendor = customers.source_vendor
            and subscriptions.customer_id = customers.customer_id

),

converted as (

    select
        with_currency.*,
        exchange_rates.rate as exchange_rate
    from with_currency
    left join {{ ref('int_policy__exchange_rates') }} as exchange_rates
        on
            with_currency.currency = exchange_rates.from_currency
            and with_currency.began_on >= exchange_rates.valid_from
            and (exchange_rates.valid_until is null or with_currency.began_on < exchange_rates.valid_until)

),

checked as (

    select
        *,
        {{ quarantine_reason([
            ['missing_key', 'subscription_version_id is null or subscription_id is null'],
            ['duplicate_key', 'copy_number > 1'],
            ['unparseable_value', 'parse_errors is not null'],
            ['unknown_subscription', 'subscription_item_id is not null and customer_id is null and valid_from is null'],
            ['missing_time', 'valid_from is null'],
            ['duplicate_key', 'version_copy_number > 1 and (valid_to is null or valid_to > valid_from)'],
            ['implausible_time', is_before_plausible('valid_from')],
            ['after_as_of_date', is_after_as_of('valid_from')],
            ['invalid_interval', 'valid_to < valid_from'],
            ['ambiguous_account', 'is_account_ambiguous'],
            ['unknown_customer', 'account_id is null'],
            ['negative_amount', 'mrr < 0 or net_mrr < 0 or seats < 0'],
            ['unknown_currency', 'exchange_rate is null'],
        ]) }} as quarantine_reason
    from converted

)

select
    *,
    {{ record_id('subscription_version_id') }} as record_id,
    {{ payload([
        'subscription_version_id', 'subscription_id', 'customer_id', 'status', 'seats', 'mrr', 'currency', 'valid_from', 'valid_to', 'parse_errors'
    ]) }} as payload
from checked
