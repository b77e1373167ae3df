-- Three objects say which part a contact plays: on the account (two generations of the
-- object) and on an opportunity.
{{ config(enabled=is_listed('crm', 'salesforce')) }}
{%- set account_role = landed('salesforce', 'account_contact_role') %}
{%- set relation = landed('salesforce', 'account_contact_relation', in_demo=false) %}
{%- set opportunity_role = landed('salesforce', 'opportunity_contact_role') %}
{%- set opportunity = landed('salesforce', 'opportunity') %}

with account_roles as (

    select
        {{ field(account_role, 'contact_id', required=true) }} as contact_id,
        {{ field(account_role, 'account_id') }} as account_id,
        {{ field(account_role, 'role') }} as role_name,
        'account' as role_origin,
        {{ field(account_role, 'is_primary', 'boolean') }} as is_primary,
        {{ field(account_role, 'created_date', 'timestamp') }} as created_at,
        {{ loaded_at(account_role) }} as loaded_at,
        {{ parse_errors(account_role) }} as parse_errors
    from {{ landed_from(account_role) }}
    where
        {{ live_rows(account_role) }}

),

account_relations as (

    select
        {{ field(relation, 'contact_id', required=true) }} as contact_id,
        {{ field(relation, 'account_id') }} as account_id,
        {{ field(relation, 'roles') }} as role_name,
        'account' as role_origin,
        {{ field(relation, 'is_direct', 'boolean') }} as is_primary,
        {{ field(relation, 'created_date', 'timestamp') }} as created_at,
        {{ loaded_at(relation) }} as loaded_at,
        {{ parse_errors(relation) }} as parse_errors
    from {{ landed_from(relation) }}
    where
        {{ live_rows(relation) }}

),

opportunities as (

    select
        {{ field(opportunity, 'id', required=true) }} as opportunity_id,
        {{ field(opportunity, 'account_id') }} as account_id
    from {{ landed_from(opportunity, newest=true) }}
    where
        {{ live_rows(opportunity) }}

),

opportunity_contacts as (

    select
        {{ field(opportunity_role, 'contact_id', required=true) }} as contact_id,
        {{ field(opportunity_role, 'opportunity_id') }} as opportunity_id,
        {{ field(opportunity_role, 'role') }} as role_name,
        {{ field(opportunity_role, 'is_primary', 'boolean') }} as is_primary,
        {{ field(opportunity_role, 'created_date', 'timestamp') }} as created_at,
        {{ loaded_at(opportunity_role) }} as loaded_at,
        {{ parse_errors(opportunity_role) }} as parse_errors
    from {{ landed_from(opportunity_role) }}
    where
        {{ live_rows(opportunity_role) }}

),

opportunity_roles as (

    select
        opportunity_contacts.contact_id,
        opportunities.account_id,
        opportunity_contacts.role_name,
        'opportunity' as role_origin,
        opportunity_contacts.is_primary,
        opportunity_contacts.created_at,
        opportunity_contacts.loaded_at,
        opportunity_contacts.parse_errors
    from opportunity_contacts
    left join opportunities on opportunity_contacts.opportunity_id = opportunities.opportunity_id

)

-- a relation without a role says nothing about the part the contact plays
select * from account_roles where role_name is not null
union all
select * from account_relations where role_name is not null
union all
select * from opportunity_roles where role_name is not null
