{{ config(materialized='table') }}

{{ union_vendors('support', 'tickets') }}
