{{ config(materialized='view', schema='restricted', group='privacy', access='private') }}

{{ union_vendors('survey', 'verbatims') }}
