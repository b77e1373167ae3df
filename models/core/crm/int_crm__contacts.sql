-- Grain: one row per sound contact that was not merged away. Of several contacts with one e-mail
-- one is_person now: the one that int_crm__contact_keys names.
{{ config(materialized='table') }}

with contacts as (

    select * from {{ ref('int_crm__contacts_checked') }} where quarantine_reason is null

),

contact_keys as (

    select * from {{ ref('int_crm__contact_keys') }}

),

current_roles as (

    select * from {{ ref('int_crm__contact_role_versions') }} where valid_from is null

)

select
    contacts.source_vendor,
    contacts.contact_id,
    contacts.contact_key,
    contacts.resolved_account_id as account_id,
    current_roles.contact_role,
    current_roles.role_source,
    contacts.department,
    coalesce(contacts.is_champion, false) as is_champion,
    coalesce(contacts.is_opted_out, false) as is_opted_out,
    contacts.left_at,
    coalesce(contacts.has_left, false) or contacts.left_at is not null as has_left,
    {{ is_gone('contacts') }} as is_gone,
    contacts.email_key is null or persons.contact_id = contacts.contact_id as is_person,
    contacts.created_at,
    {{ unread_fields('contacts.parse_errors') }} as attributes_set_aside
from contacts
inner join contact_keys as self
    on self.match_kind = 'id' and contacts.contact_id = self.match_key and contacts.contact_id = self.contact_id
left join contact_keys as persons
    on persons.match_kind = 'email' and contacts.email_key = persons.match_key
left join current_roles on contacts.contact_id = current_roles.contact_id
