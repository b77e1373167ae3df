-- Grain: one row per account and account below it, at any depth. Links that would close a cycle
-- are already set aside.
{{ config(materialized='table') }}

with recursive links as (

    select
        account_id as from_id,
        parent_account_id as to_id
    from {{ ref('int_crm__accounts') }}
    where parent_account_id is not null

),

{{ chain('links') }}

select
    reached_id as account_id,
    start_id as descendant_id
from chain
