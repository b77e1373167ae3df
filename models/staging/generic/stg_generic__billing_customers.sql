{{ config(enabled=is_listed('billing', 'generic')) }}

{{ stage_contract('billing', 'billing_customers') }}
