-- Status and owner changes, comments and mails of Service Cloud cases. A closed status is solved, for Salesforce has no state between.
-- Which statuses are closed an organisation decides: those of cases that Salesforce calls closed, and those named Closed; the statuses
-- of its other cases are open. A mail that is on no case is none of this log. Who an author is his user says; that a
-- mail came in, or went out, Salesforce says itself. A change that names no field has no type.
{{ config(enabled=is_listed('support', 'salesforce')) }}
{%- set cases = landed('salesforce', 'case', in_demo=false) %}
{%- set history = landed('salesforce', 'case_history', in_demo=false) %}
{%- set comment = landed('salesforce', 'case_comment', in_demo=false) %}
{%- set mail = landed('salesforce', 'email_message', in_demo=false) %}
{%- set user = landed('salesforce', 'user') %}

with statuses as (

    select
        {{ fold_case(field(cases, 'status')) }} as status,
        max(case when {{ field(cases, 'is_closed', 'boolean') }} then 1 else 0 end) = 1 as is_closed
    from {{ landed_from(cases) }}
    where
        {{ live_rows(cases, keep_deleted=true) }}
        and {{ field(cases, 'is_closed', 'boolean') }} is not null
    group by 1

),

changes as (

    select
        {{ field(history, 'id', required=true) }} as event_id,
        {{ field(history, 'case_id', required=true) }} as ticket_id,
        case {{ fold_case(field(history, 'field')) }} when 'owner' then 'assignee' when 'status' then 'status' end as event_type,
        {{ field(history, 'created_date', 'timestamp') }} as occurred_at,
        {{ field(history, 'created_by_id') }} as actor_id,
        {{ field(history, 'new_value') }} as landed_value,
        {{ loaded_at(history) }} as loaded_at,
        {{ parse_errors(history) }} as parse_errors
    from {{ landed_from(history) }}
    where
        {{ live_rows(history) }}
        and coalesce({{ fold_case(field(history, 'field')) }}, 'status') in ('status', 'owner')

),

comments as (

    select
        {{ field(comment, 'id', required=true) }} as event_id,
        {{ field(comment, 'parent_id', required=true) }} as ticket_id,
        {{ field(comment, 'created_date', 'timestamp') }} as occurred_at,
        {{ field(comment, 'created_by_id') }} as actor_id,
        cast(null as {{ sql_type('boolean') }}) as is_incoming,
        coalesce({{ field(comment, 'is_published', 'boolean') }}, false) as is_public,
        false as is_automated,
        {{ loaded_at(comment) }} as loaded_at,
        {{ parse_errors(comment) }} as parse_errors
    from {{ landed_from(comment) }}
    where
        {{ live_rows(comment) }}

),

mails as (

    select
        {{ field(mail, 'id', required=true) }} as event_id,
        {{ field(mail, 'parent_id', required=true) }} as ticket_id,
        {{ field(mail, 'message_date', 'timestamp') }} as occurred_at,
        {{ field(mail, 'created_by_id') }} as actor_id,
        {{ field(mail, 'incoming', 'boolean') }} as is_incoming,
        true as is_public,
        coalesce({{ field(mail, 'is_automated_c', 'boolean') }}, false) as is_automated,
        {{ loaded_at(mail) }} as loaded_at,
        {{ parse_errors(mail) }} as parse_errors
    from {{ landed_from(mail) }}
    where
        {{ live_rows(mail) }}
        and {{ field(mail, 'parent_id') }} is not null

),

events as (

    select
        changes.event_id,
        changes.ticket_id,
        changes.event_type,
        changes.occurred_at,
        changes.actor_id,
        cast(null as {{ sql_type('boolean') }}) as is_incoming,
        cast(null as {{ sql_type('boolean') }}) as is_public,
        false as is_automated,
        case
            when changes.event_type = 'assignee' then changes.landed_value
            when statuses.is_closed or {{ fold_case('changes.landed_value') }} like 'closed%' then 'solved'
            when {{ fold_case('changes.landed_value') }} in ('new', 'pending', 'hold') or statuses.status is null
                then {{ fold_case('changes.landed_value') }}
            else 'open'
        end as value,
        changes.loaded_at,
        changes.parse_errors
    from changes
    left join statuses on {{ fold_case('changes.landed_value') }} = statuses.status

    union all

    select
        event_id,
        ticket_id,
        'comment' as event_type,
        occurred_at,
        actor_id,
        is_incoming,
        is_public,
        is_automated,
        cast(null as {{ sql_type('string') }}) as value,
        loaded_at,
        parse_errors
    from (select * from comments union all select * from mails) as words

),

users as (

    {{ salesforce_users(user) }}

)

select
    events.event_id,
    events.ticket_id,
    events.event_type,
    events.occurred_at,
    events.actor_id,
    case
        when events.is_incoming then 'end_user'
        when not events.is_incoming and users.user_id is null then 'agent'
        else {{ salesforce_actor_type('users') }}
    end as actor_type,
    events.is_public,
    events.is_automated,
    events.value,
    events.loaded_at,
    events.parse_errors
from events
left join users on events.actor_id = users.user_id
