-- Grain: one row per landed product user.
{{ config(materialized='table') }}

with product_users as (

    select
        *,
        {{ copy_number('source_vendor, product_user_id', [
            'loaded_at desc nulls last', 'parse_errors nulls first', 'product_account_id', 'email_key',
        ]) }} as copy_number
    from {{ ref('int_usage__product_users_unioned') }}

),

checked as (

    select
        *,
        {{ quarantine_reason([
            ['missing_key', 'product_user_id is null'],
            ['duplicate_key', 'copy_number > 1'],
        ]) }} as quarantine_reason,
        {{ quarantine_reason([['unparseable_value', 'parse_errors is not null']]) }} as attribute_reason
    from product_users

)

select
    *,
    {{ record_id('product_user_id') }} as record_id,
    {{ payload(['product_user_id', 'product_account_id', 'parse_errors'], persons=['product_user_id'], when=is_set_aside()) }} as payload
from checked
