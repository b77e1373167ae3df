-- Grain: one row per contact and version, which holds while it was valid, and one row (valid_from null) for moments that no version
-- covers. What the vendor's history does not carry at all is today's; role_as_of says of which of the two the role is.
-- A CRM role field wins over a part played on the account, on a deal, and over the title.
{{ config(materialized='table') }}

with contacts as (

    select * from {{ ref('int_crm__contacts_checked') }} where quarantine_reason is null

),

versions as (

    select
        versions.contact_id,
        case when versions.tells_account_id then versions.resolved_account_id else contacts.resolved_account_id end as resolved_account_id,
        case when versions.tells_title then versions.title else contacts.title end as title,
        case when versions.tells_crm_role then versions.crm_role else contacts.crm_role end as crm_role,
        versions.tells_title,
        versions.tells_crm_role,
        versions.valid_from,
        versions.closed_at
    from {{ ref('int_crm__contact_versions_checked') }} as versions
    inner join contacts on versions.contact_id = contacts.contact_id
    where versions.quarantine_reason is null

    union all

    select
        contact_id,
        resolved_account_id,
        title,
        crm_role,
        false as tells_title,
        false as tells_crm_role,
        cast(null as {{ dbt.type_timestamp() }}) as valid_from,
        cast(null as {{ dbt.type_timestamp() }}) as closed_at
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
    case
        when crm_roles.contact_role is not null then case when versions.tells_crm_role then 'history' else 'current' end
        when played_roles.contact_role is not null or titles.contact_role is null
            then case when versions.tells_crm_role or versions.tells_title then 'history' else 'current' end
        when versions.tells_title then 'history'
        else 'current'
    end as role_as_of,
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
