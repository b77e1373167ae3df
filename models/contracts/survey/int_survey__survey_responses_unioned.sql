{{ config(materialized='table') }}

{{ union_vendors('survey', 'survey_responses') }}
