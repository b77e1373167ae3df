{#- Who a Salesforce user is, by user_type and contact_id: a contact of ours who logs in to a portal or a guest is a customer, the users
    that Salesforce itself works as are machines, everybody else is of our people. Null where the user did not land. -#}
{% macro salesforce_actor_type(users) -%}
case
        when {{ users }}.user_id is null then null
        when {{ users }}.contact_id is not null then 'end_user'
        when {{ users }}.user_type in ('automatedprocess', 'cloudintegrationuser') then 'system'
        when {{ users }}.user_type in ('guest', 'selfservice', 'customersuccess', 'powercustomersuccess', 'cspliteportal', 'powerpartner')
            then 'end_user'
        else 'agent'
    end
{%- endmacro %}

{#- Users with their kind, one row each, whether they are still there or not. -#}
{% macro salesforce_users(user) -%}
select
        {{ field(user, 'id', required=true) }} as user_id,
        max({{ field(user, 'contact_id') }}) as contact_id,
        max({{ fold_case(field(user, 'user_type')) }}) as user_type
    from {{ landed_from(user) }}
    where
        {{ live_rows(user, keep_deleted=true) }}
    group by 1
{%- endmacro %}
