{{ config(materialized='table') }}

{{ union_vendors('billing', 'billing_customers') }}
