-- Grain: one row per account with a parent, both seen through merges. ultimate_parent_id is
-- the top of the chain. A cycle has no top: its links are set aside, its accounts stay.
{{ config(materialized='table') }}

with recursive accounts as (

    select * from {{ ref('int_crm__accounts_checked') }} where quarantine_reason is null

),

account_keys as (

    select * from {{ ref('int_crm__account_keys') }}

),

-- a parent merged into its own child leaves no link
links as (

    select
        accounts.source_vendor,
        accounts.account_id,
        accounts.parent_account_id as landed_parent_id,
        parents.account_key as known_parent_key,
        parents.account_id as parent_id,
        accounts.loaded_at
    from accounts
    inner join account_keys as self
        on accounts.account_id = self.account_key and accounts.account_id = self.account_id
    left join account_keys as parents on accounts.parent_account_id = parents.account_key
    where
        accounts.parent_account_id is not null
        and (
            parents.account_id is null
            or parents.account_id <> accounts.account_id
            or accounts.parent_account_id = accounts.account_id
        )

),

sound_links as (

    select
        account_id as from_id,
        parent_id as to_id
    from links
    where parent_id is not null

),

{{ chain('sound_links') }}

select
    links.source_vendor,
    links.account_id,
    links.parent_id,
    chain_ends.end_id as ultimate_parent_id,
    links.loaded_at,
    {{ quarantine_reason([
        ['ambiguous_account', 'links.known_parent_key is not null and links.parent_id is null'],
        ['unknown_parent', 'links.parent_id is null'],
        ['hierarchy_cycle', 'cycle_members.member_id is not null'],
    ]) }} as quarantine_reason,
    links.account_id as record_id,
    {{ payload(['links.account_id', 'links.landed_parent_id'], when='true') }} as payload
from links
left join cycle_members on links.account_id = cycle_members.member_id
left join chain_ends on links.account_id = chain_ends.start_id and chain_ends.end_number = 1
