-- Grain: one row per account that answers for itself today: landed, sound, not merged away.
{{ config(materialized='table') }}

with accounts as (

    select * from {{ ref('int_crm__accounts_checked') }} where quarantine_reason is null

),

account_keys as (

    select * from {{ ref('int_crm__account_keys') }}

),

parents as (

    select * from {{ ref('int_crm__account_parents_checked') }} where quarantine_reason is null

)

select
    accounts.source_vendor,
    accounts.account_id,
    accounts.account_name,
    accounts.external_id,
    parents.parent_id as parent_account_id,
    coalesce(parents.ultimate_parent_id, accounts.account_id) as ultimate_parent_account_id,
    coalesce(accounts.segment, 'unknown') as segment,
    accounts.industry,
    coalesce(accounts.region, 'unknown') as region,
    accounts.owner_id,
    coalesce(accounts.is_key_account, false) as is_key_account,
    coalesce(accounts.no_nps_form, false) as no_nps_form,
    accounts.arr,
    accounts.seats,
    accounts.renewal_date,
    accounts.renewal_status,
    accounts.is_active,
    accounts.created_at
from accounts
inner join account_keys
    on accounts.account_id = account_keys.account_key and accounts.account_id = account_keys.account_id
left join parents on accounts.account_id = parents.account_id
