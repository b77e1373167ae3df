-- Tasks (calls, mails) and events (meetings, business reviews). A task counts from when it
-- was done: an open one has not happened. List mails and cadences are sent by machines, and so is what
-- Salesforce itself records as its own. A mail that came in is logged as a task like one that went out: its email_message says which.
-- A lead (key 00Q) is no contact yet.
{{ config(enabled=is_listed('crm', 'salesforce')) }}
{%- set task = landed('salesforce', 'task') %}
{%- set event = landed('salesforce', 'event') %}
{%- set mail = landed('salesforce', 'email_message', in_demo=false) %}
{%- set user = landed('salesforce', 'user') %}

with users as (

    {{ salesforce_users(user) }}

),

incoming_mails as (

    select distinct {{ field(mail, 'activity_id') }} as activity_id
    from {{ landed_from(mail) }}
    where
        {{ live_rows(mail, keep_deleted=true) }}
        and {{ field(mail, 'incoming', 'boolean') }}

),

tasks as (

    select
        {{ field(task, 'id', required=true) }} as activity_id,
        {{ field(task, 'account_id') }} as account_ref,
        {{ field(task, 'who_id') }} as person_id,
        {{ field(task, 'owner_id') }} as owner_id,
        {{ field(task, 'created_by_id') }} as author_id,
        {{ fold_case("coalesce(" ~ field(task, 'type') ~ ", " ~ field(task, 'task_subtype') ~ ", '')") }} as type_text,
        {{ fold_case("coalesce(" ~ field(task, 'task_subtype') ~ ", '')") }} as subtype_text,
        {{ fold_case("coalesce(" ~ field(task, 'call_type') ~ ", '')") }} as direction_text,
        {{ field(task, 'is_automated_c', 'boolean') }} as is_automated_flag,
        coalesce({{ field(task, 'is_closed', 'boolean') }}, {{ fold_case(field(task, 'status')) }} = 'completed', false)
            as has_happened,
        coalesce({{ field(task, 'completed_date_time', 'timestamp') }}, {{ field(task, 'created_date', 'timestamp') }})
            as happened_at,
        cast(null as {{ sql_type('double precision') }}) as rating,
        {{ loaded_at(task) }} as loaded_at,
        {{ parse_errors(task) }} as parse_errors
    from {{ landed_from(task) }}
    where
        {{ live_rows(task) }}

),

events as (

    select
        {{ field(event, 'id', required=true) }} as activity_id,
        {{ field(event, 'account_id') }} as account_ref,
        {{ field(event, 'who_id') }} as person_id,
        {{ field(event, 'owner_id') }} as owner_id,
        {{ field(event, 'created_by_id') }} as author_id,
        {{ fold_case("coalesce(" ~ field(event, 'type') ~ ", 'meeting')") }} as type_text,
        {{ fold_case("coalesce(" ~ field(event, 'event_subtype') ~ ", '')") }} as subtype_text,
        '' as direction_text,
        {{ field(event, 'is_automated_c', 'boolean') }} as is_automated_flag,
        true as has_happened,
        coalesce(
            {{ field(event, ['start_date_time', 'activity_date_time'], 'timestamp') }},
            {{ field(event, 'activity_date', 'timestamp') }}
        ) as happened_at,
        {{ field(event, ['qbr_rating_c', 'rating_c'], 'score') }} as rating,
        {{ loaded_at(event) }} as loaded_at,
        {{ parse_errors(event) }} as parse_errors
    from {{ landed_from(event) }}
    where
        {{ live_rows(event) }}

),

activities as (

    select * from tasks
    union all
    select * from events

),

typed as (

    select
        *,
        case
            when type_text like '%qbr%' or type_text like '%business review%' then 'qbr'
            when type_text like '%call%' then 'call'
            when type_text like '%mail%' then 'email'
            when type_text like '%meeting%' or type_text like '%event%' then 'meeting'
            else 'other'
        end as activity_type
    from activities

)

select
    typed.activity_id,
    typed.account_ref,
    case when substring(typed.person_id, 1, 3) <> '00Q' then typed.person_id end as contact_ref,
    typed.owner_id,
    typed.activity_type,
    -- a to-do is no contact
    typed.activity_type <> 'other'
    and typed.direction_text <> 'inbound'
    and typed.type_text not like '%inbound%'
    and incoming_mails.activity_id is null
    and coalesce({{ salesforce_actor_type('users') }} <> 'end_user', true) as is_outbound,
    coalesce(typed.is_automated_flag, false)
    or typed.subtype_text in ('listemail', 'cadence')
    or coalesce({{ salesforce_actor_type('users') }} = 'system', false) as is_automated,
    typed.has_happened,
    case when typed.has_happened then typed.happened_at end as occurred_at,
    typed.rating,
    typed.loaded_at,
    typed.parse_errors
from typed
left join incoming_mails on typed.activity_id = incoming_mails.activity_id
left join users on typed.author_id = users.user_id
