{{ config(enabled=is_listed('usage', 'generic')) }}

{{ stage_contract('usage', 'product_users') }}
