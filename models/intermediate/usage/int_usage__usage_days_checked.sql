-- Grain: one row per landed usage day (account, user, day, feature). The largest table of the
-- project: written once, and only its quarantined rows carry a payload. Use of a feature that
-- nobody described counts as use, but belongs to no module.
{{ config(materialized='table') }}

with usage_days as (

    select
        *,
        {{ copy_number('source_vendor, usage_day_id', [
            'loaded_at desc nulls last', 'events desc', 'logins desc', 'minutes', 'product_account_id', 'product_user_id', 'usage_date', 'feature_id'
        ]) }}
            as copy_number
    from {{ ref('int_usage__usage_days_unioned') }}

),

product_accounts as (

    select * from {{ ref('int_usage__product_accounts_checked') }} where copy_number = 1

),

account_keys as (select * from {{ ref('int_crm__account_keys') }}),

features as (

    select * from {{ ref('int_usage__features_checked') }} where quarantine_reason is null

),

-- a product account that is not listed may be the CRM's own key
resolved as (

    select
        usage_days.*,
        case
            when product_accounts.product_account_id is null then account_keys.account_id
            else product_accounts.account_id
        end as account_id,
        features.module,
        features.is_sticky
    from usage_days
    left join product_accounts
        on
            usage_days.source_vendor = product_accounts.source_vendor
            and usage_days.product_account_id = product_accounts.product_account_id
    left join account_keys on usage_days.product_account_id = account_keys.account_key
    left join features
        on
            usage_days.source_vendor = features.source_vendor
            and usage_days.feature_id = features.feature_id

),

checked as (

    select
        *,
        {{ quarantine_reason([
            ['missing_key', 'usage_day_id is null'],
            ['unparseable_value', 'parse_errors is not null'],
            ['duplicate_key', 'copy_number > 1'],
            ['missing_time', 'usage_date is null'],
            ['implausible_time', "usage_date < date '1990-01-01'"],
            ['after_as_of_date', 'usage_date > ' ~ as_of_date_sql()],
            ['unknown_account', 'account_id is null'],
            ['negative_amount', 'events < 0 or logins < 0 or minutes < 0'],
        ]) }} as quarantine_reason
    from resolved

)

select
    *,
    {{ record_id('usage_day_id') }} as record_id,
    {{ payload([
        'product_account_id', 'product_user_id', 'usage_date', 'feature_id', 'events', 'logins', 'minutes', 'parse_errors',
    ], numbers=['minutes']) }} as payload
from checked
