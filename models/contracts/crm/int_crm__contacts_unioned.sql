{{ config(materialized='table') }}

{{ union_vendors('crm', 'contacts') }}
