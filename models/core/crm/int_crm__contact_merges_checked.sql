-- Grain: one row per contact that was merged into another, with the contact that survives at the
-- end of the chain. A link that leads nowhere or back to itself is set aside, its contact stays.
{{ config(materialized='table') }}

with recursive contacts as (

    select * from {{ ref('int_crm__contacts_checked') }} where quarantine_reason is null

),

links as (

    select
        contacts.source_vendor,
        contacts.contact_id,
        contacts.merged_into_contact_id,
        targets.contact_id as target_id,
        contacts.loaded_at
    from contacts
    left join contacts as targets on contacts.merged_into_contact_id = targets.contact_id
    where contacts.merged_into_contact_id is not null

),

absorptions as (

    select
        contact_id as from_id,
        target_id as to_id
    from links
    where target_id is not null

),

{{ chain('absorptions') }}

select
    links.source_vendor,
    links.contact_id,
    links.merged_into_contact_id,
    case when cycle_members.member_id is null then chain_ends.end_id end as surviving_contact_id,
    links.loaded_at,
    {{ quarantine_reason([
        ['unknown_contact', 'links.target_id is null'],
        ['merge_cycle', 'cycle_members.member_id is not null'],
    ]) }} as quarantine_reason,
    links.contact_id as record_id,
    {{ payload(
        ['links.contact_id', 'links.merged_into_contact_id'], persons=['contact_id', 'merged_into_contact_id'], when='true'
    ) }} as payload
from links
left join cycle_members on links.contact_id = cycle_members.member_id
left join chain_ends on links.contact_id = chain_ends.start_id and chain_ends.end_number = 1
