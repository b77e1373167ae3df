-- Grain: one row per account that was merged into another, with the account that survives at
-- the end of the chain. A cycle has no survivor: its links are set aside, its accounts stay.
{{ config(materialized='table') }}

with recursive accounts as (

    select * from {{ ref('int_crm__accounts_checked') }} where quarantine_reason is null

),

absorptions as (

    select
        account_id as from_id,
        merged_into_account_id as to_id
    from accounts
    where merged_into_account_id is not null

),

{{ chain('absorptions') }}

select
    accounts.source_vendor,
    accounts.account_id,
    accounts.merged_into_account_id,
    survivors.account_id as surviving_account_id,
    accounts.loaded_at,
    {{ quarantine_reason([
        ['merge_cycle', 'cycle_members.member_id is not null'],
        ['unknown_account', 'survivors.account_id is null'],
    ]) }} as quarantine_reason,
    accounts.account_id as record_id,
    {{ payload(['accounts.account_id', 'accounts.merged_into_account_id'], when='true') }} as payload
from absorptions
inner join accounts on absorptions.from_id = accounts.account_id
left join cycle_members on absorptions.from_id = cycle_members.member_id
left join chain_ends on absorptions.from_id = chain_ends.start_id and chain_ends.end_number = 1
left join accounts as survivors on chain_ends.end_id = survivors.account_id
