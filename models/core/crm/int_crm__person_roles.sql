-- Grain: one row per person, account and way to know the role there: the person's contact at the account, as it was (valid_from
-- is set) or is, and before that the part that any contact of the person plays on the account (precedence 2).
{{ config(materialized='table') }}

with contacts as (

    select
        contact_id,
        contact_key
    from {{ ref('int_crm__contacts') }}
    where contact_key is not null

)

select
    contacts.contact_key,
    roles.account_id,
    contacts.contact_id,
    1 as precedence,
    roles.contact_role,
    roles.role_as_of,
    roles.valid_from,
    roles.closed_at
from contacts
inner join {{ ref('int_crm__contact_role_versions') }} as roles on contacts.contact_id = roles.contact_id
where roles.account_id is not null

union all

select
    contacts.contact_key,
    played_roles.account_id,
    contacts.contact_id,
    2 as precedence,
    played_roles.contact_role,
    'current' as role_as_of,
    cast(null as {{ dbt.type_timestamp() }}) as valid_from,
    cast(null as {{ dbt.type_timestamp() }}) as closed_at
from contacts
inner join {{ ref('int_crm__played_roles') }} as played_roles on contacts.contact_id = played_roles.contact_id
