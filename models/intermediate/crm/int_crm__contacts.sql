-- Grain: one row per person the CRM knows (contact_key): of several contacts with one e-mail
-- the one that int_crm__contact_keys names stands for the person.
{{ config(materialized='table') }}

with contacts as (

    select * from {{ ref('int_crm__contacts_checked') }} where quarantine_reason is null

),

contact_keys as (

    select * from {{ ref('int_crm__contact_keys') }}

),

current_roles as (

    select * from {{ ref('int_crm__contact_role_versions') }} where role_as_of = 'current'

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
    contacts.created_at
from contacts
inner join contact_keys as self
    on self.match_kind = 'id' and contacts.contact_id = self.match_key and contacts.contact_id = self.contact_id
left join contact_keys as persons
    on persons.match_kind = 'email' and contacts.email_key = persons.match_key
left join current_roles on contacts.contact_id = current_roles.contact_id
where contacts.email_key is null or persons.contact_id = contacts.contact_id
