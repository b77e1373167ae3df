-- Grain: one row per contact and version. role_as_of 'history' rows hold while they were
-- valid; the one 'current' row (valid_from null) is for moments no version covers.
-- A CRM role field wins over a part played on the account, on a deal, and over the title.
{{ config(materialized='table') }}

with contacts as (

    select * from {{ ref('int_crm__contacts_checked') }} where quarantine_reason is null

),

versions as (

    select
        contact_id,
        resolved_account_id,
        title,
        crm_role,
        valid_from,
        closed_at,
        'history' as role_as_of
    from {{ ref('int_crm__contact_versions_checked') }}
    where quarantine_reason is null

    union all

    select
        contact_id,
        resolved_account_id,
        title,
        crm_role,
        cast(null as {{ dbt.type_timestamp() }}) as valid_from,
        cast(null as {{ dbt.type_timestamp() }}) as closed_at,
        'current' as role_as_of
    from contacts

),

role_texts as (

    select * from {{ ref('int_crm__role_texts') }}

),

played_roles as (

    select * from {{ ref('int_crm__played_roles') }}

)

select
    versions.contact_id,
    versions.resolved_account_id as account_id,
    versions.valid_from,
    versions.closed_at,
    versions.role_as_of,
    coalesce(crm_roles.contact_role, played_roles.contact_role, titles.contact_role, 'unknown') as contact_role,
    case
        when crm_roles.contact_role is not null then 'crm_role'
        when played_roles.contact_role is not null then played_roles.role_origin || '_contact_role'
        when titles.contact_role is not null then 'title'
        else 'none'
    end as role_source
from versions
left join role_texts as crm_roles
    on crm_roles.applies_to = 'crm_role' and versions.crm_role = crm_roles.role_text
left join played_roles
    on
        versions.contact_id = played_roles.contact_id
        and versions.resolved_account_id = played_roles.account_id
left join role_texts as titles
    on titles.applies_to = 'title' and versions.title = titles.role_text
