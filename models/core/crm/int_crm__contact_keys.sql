-- Grain: one row per way to name a contact (match_kind id, external_id or email). Contacts
-- merged away answer by the contact they were merged into. An e-mail that several contacts
-- share names the one who is still there and was made last; the others are the same person.
-- A merged-away contact's e-mail names its survivor unless a living contact has it.
{{ config(materialized='table') }}

with contacts as (

    select * from {{ ref('int_crm__contacts_checked') }} where quarantine_reason is null

),

absorptions as (

    select * from {{ ref('int_crm__contact_merges_checked') }} where quarantine_reason is null

),

survivors as (

    select
        contacts.contact_id as known_contact_id,
        contacts.external_id,
        contacts.email_key,
        coalesce(absorptions.surviving_contact_id, contacts.contact_id) as contact_id
    from contacts
    left join absorptions on contacts.contact_id = absorptions.contact_id

),

claims as (

    select 'id' as match_kind, known_contact_id as match_key, contact_id, 1 as precedence from survivors
    union all
    select 'id' as match_kind, substring(known_contact_id, 1, 15) as match_key, contact_id, 2 as precedence
    from survivors
    where length(known_contact_id) = 18
    union all
    select 'external_id' as match_kind, external_id as match_key, contact_id, 1 as precedence
    from survivors
    union all
    select
        'email' as match_kind,
        email_key as match_key,
        contact_id,
        case when contact_id = known_contact_id then 1 else 2 end as precedence
    from survivors

),

ranked as (

    select
        claims.match_kind,
        claims.match_key,
        claims.contact_id,
        contacts.contact_key,
        row_number() over (
            partition by claims.match_kind, claims.match_key
            order by
                claims.precedence,
                case when {{ is_gone('contacts') }} then 1 else 0 end,
                contacts.created_at desc nulls last,
                claims.contact_id
        ) as claim_number
    from claims
    inner join contacts on claims.contact_id = contacts.contact_id
    where claims.match_key is not null

)

select
    match_kind,
    match_key,
    contact_id,
    contact_key
from ranked
where claim_number = 1
