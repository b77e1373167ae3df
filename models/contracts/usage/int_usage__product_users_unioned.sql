{{ config(materialized='table') }}

{{ union_vendors('usage', 'product_users') }}
