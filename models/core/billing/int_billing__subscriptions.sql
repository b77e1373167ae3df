-- Grain: one sound subscription version, in days (starts_on <= day < ends_on) and in the
-- reporting currency. What holds on a day is what holds at its end; a version of no length,
-- replaced in the moment it began, earned nothing.
with versions as (

    select
        *,
        {{ closed_at("source_vendor, subscription_id, coalesce(subscription_item_id, '')") }} as closed_at
    from {{ ref('int_billing__subscriptions_checked') }}
    where quarantine_reason is null and (valid_to is null or valid_to > valid_from)

)

select
    source_vendor,
    subscription_version_id,
    subscription_id,
    subscription_item_id,
    customer_id,
    account_id,
    status,
    coalesce(is_paying, true) and not coalesce(is_paused, false) as is_paying,
    coalesce(is_paused, false) as is_paused,
    seats,
    cast(mrr * exchange_rate as numeric(18, 2)) as mrr,
    cast(coalesce(net_mrr, mrr) * exchange_rate as numeric(18, 2)) as net_mrr,
    coalesce(price_as_of, 'period') as price_as_of,
    {{ reporting_date('valid_from') }} as starts_on,
    {{ reporting_date('closed_at') }} as ends_on
from versions
