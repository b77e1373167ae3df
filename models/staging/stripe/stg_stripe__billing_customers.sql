-- Deleted customers stay: their invoices and their churn are history.
{{ config(enabled=is_listed('billing', 'stripe')) }}
{%- set customer = landed('stripe', 'customer') %}
{%- set keys = ['account_id', 'crm_account_id', 'salesforce_account_id', 'salesforce_id', 'external_id'] %}
{%- set metadata = field(customer, 'metadata') %}

select
    {{ field(customer, 'id', required=true) }} as customer_id,
    coalesce(
        {%- for key in keys %}
        {{ field(customer, 'metadata_' ~ key) }},
        nullif(trim({{ json_text(metadata, key) }}), ''){{ ',' if not loop.last }}
        {%- endfor %}
    ) as account_ref,
    {{ field(customer, 'email') }} as customer_email,
    {{ upper_code(field(customer, 'currency')) }} as currency,
    {{ loaded_at(customer) }} as loaded_at,
    {{ parse_errors(customer, conditions=['livemode']) }} as parse_errors
from {{ landed_from(customer) }}
where
    {{ live_rows(customer, keep_deleted=true) }}
    and coalesce({{ field(customer, 'livemode', 'boolean') }}, true)
