-- Grain: one row per field change, comment or chat message. A change has no id of its own: ticket, field, time
-- and value are its key, so that a change landed twice is a duplicate like any other. A change that names no field has no key.
-- A chat message has none either: the chat and the moment are its key, and who writes as agent:<id> is that agent. An agent is who is or
-- was one by any landed copy of the user, or was ever assigned a ticket; an author of whom nothing is known is nobody's agent.
{{ config(enabled=is_listed('support', 'zendesk')) }}
{%- set ticket = landed('zendesk', 'ticket') %}
{%- set history = landed('zendesk', 'ticket_field_history') %}
{%- set comment = landed('zendesk', 'ticket_comment') %}
{%- set chat = landed('zendesk', 'ticket_chat', in_demo=false) %}
{%- set message = landed('zendesk', 'ticket_chat_event', in_demo=false) %}
{%- set user = landed('zendesk', 'user') %}
{%- set changed_at = ['updated', 'updated_at', 'created_at'] %}
{%- set written_at = ['created', 'created_at'] %}
{%- set author = ['user_id', 'author_id'] %}

with changes as (

    select
        {{ field(history, 'ticket_id', required=true) }} as ticket_id,
        {{ fold_case(field(history, 'field_name', required=true)) }} as field_name,
        {{ field(history, changed_at, 'timestamp') }} as occurred_at,
        {{ field(history, author) }} as actor_id,
        {{ is_zendesk_machine(zendesk_via(history, 'channel')) }} as is_automated,
        {{ field(history, 'value') }} as landed_value,
        {{ loaded_at(history) }} as loaded_at,
        {{ parse_errors(history) }} as parse_errors
    from {{ landed_from(history) }}
    where
        {{ live_rows(history, history=true) }}
        and coalesce({{ fold_case(field(history, 'field_name')) }}, 'status')
        in ('status', 'priority', 'assignee_id', 'group_id', 'satisfaction_score')

),

comments as (

    select
        {{ field(comment, 'id', required=true) }} as comment_id,
        {{ field(comment, 'ticket_id', required=true) }} as ticket_id,
        {{ field(comment, written_at, 'timestamp') }} as occurred_at,
        {{ field(comment, author) }} as actor_id,
        {{ field(comment, 'public', 'boolean') }} as is_public,
        {{ is_zendesk_machine(zendesk_via(comment, 'channel')) }} as is_automated,
        {{ loaded_at(comment) }} as loaded_at,
        {{ parse_errors(comment) }} as parse_errors
    from {{ landed_from(comment) }}
    where
        {{ live_rows(comment) }}

),

chats as (

    select
        {{ field(chat, 'chat_id', required=true) }} as chat_id,
        max({{ field(chat, 'ticket_id') }}) as ticket_id
    from {{ landed_from(chat) }}
    where
        {{ live_rows(chat, keep_deleted=true) }}
    group by 1

),

landed_messages as (

    select
        {{ field(message, 'chat_id', required=true) }} as chat_id,
        {{ field(message, 'created_at', 'timestamp') }} as occurred_at,
        {{ fold_case(field(message, 'actor_id')) }} as author,
        {{ fold_case(field(message, 'original_message')) }} as original_message,
        {{ loaded_at(message) }} as loaded_at,
        {{ parse_errors(message, conditions=['is_history_context']) }} as parse_errors
    from {{ landed_from(message) }}
    where
        {{ live_rows(message) }}
        and {{ fold_case(field(message, 'type')) }} in ('chatmessage', 'chatfileattachment')
        -- repeated from an earlier chat
        and not coalesce({{ field(message, 'is_history_context', 'boolean') }}, false)

),

messages as (

    select
        landed_messages.chat_id || '-' || coalesce(cast(landed_messages.occurred_at as {{ dbt.type_string() }}), 'no time') as message_id,
        chats.ticket_id,
        landed_messages.occurred_at,
        nullif({{ dbt.replace('landed_messages.author', "'agent:'", "''") }}, '') as actor_id,
        coalesce(landed_messages.author like 'agent:%', false) as is_by_agent,
        coalesce(
            substring(landed_messages.author, 1, 2) = '__'
            or {{ matches('landed_messages.original_message', '"type" *: *"zd:answerbot"') }}
            or {{ matches('landed_messages.original_message', '"display_name" *: *"([^"]* )?bot"') }},
            false
        ) as is_automated,
        landed_messages.loaded_at,
        landed_messages.parse_errors
    from landed_messages
    left join chats on landed_messages.chat_id = chats.chat_id

),

events as (

    select
        ticket_id || '-' || field_name || '-' || coalesce(cast(occurred_at as {{ dbt.type_string() }}), 'no time')
        || '-' || coalesce(landed_value, '') as event_id,
        ticket_id,
        case field_name
            when 'priority' then 'severity'
            when 'assignee_id' then 'assignee'
            when 'group_id' then 'team'
            when 'satisfaction_score' then 'satisfaction'
            else field_name
        end as event_type,
        occurred_at,
        actor_id,
        cast(null as {{ sql_type('boolean') }}) as is_public,
        is_automated,
        case
            when field_name = 'status' and {{ fold_case('landed_value') }} in ('on-hold', 'on_hold') then 'hold'
            when field_name in ('assignee_id', 'group_id') then landed_value
            else {{ fold_case('landed_value') }}
        end as value,
        false as is_by_agent,
        loaded_at,
        parse_errors
    from changes

    union all

    select
        comment_id as event_id,
        ticket_id,
        'comment' as event_type,
        occurred_at,
        actor_id,
        is_public,
        is_automated,
        cast(null as {{ sql_type('string') }}) as value,
        false as is_by_agent,
        loaded_at,
        parse_errors
    from comments

    union all

    select
        message_id as event_id,
        ticket_id,
        'comment' as event_type,
        occurred_at,
        actor_id,
        true as is_public,
        is_automated,
        cast(null as {{ sql_type('string') }}) as value,
        is_by_agent,
        loaded_at,
        parse_errors
    from messages

),

users as (

    select
        {{ field(user, 'id', required=true) }} as user_id,
        max(case when {{ fold_case(field(user, 'role')) }} in ('agent', 'admin') then 1 else 0 end) = 1 as was_agent
    from {{ landed_from(user) }}
    where
        {{ live_rows(user, history=true, keep_deleted=true) }}
        and {{ field(user, 'role') }} is not null
    group by 1

),

requesters as (

    select
        {{ field(ticket, 'id', required=true) }} as ticket_id,
        max({{ field(ticket, 'requester_id') }}) as requester_id
    from {{ landed_from(ticket, newest=true) }}
    where
        {{ live_rows(ticket, keep_deleted=true) }}
    group by 1

),

assignees as (

    select {{ field(ticket, 'assignee_id') }} as user_id
    from {{ landed_from(ticket, newest=true) }}
    where
        {{ live_rows(ticket, keep_deleted=true) }}

    union distinct

    select landed_value as user_id from changes where field_name = 'assignee_id'

)

select
    events.event_id,
    events.ticket_id,
    events.event_type,
    events.occurred_at,
    events.actor_id,
    case
        when substring(events.actor_id, 1, 1) in ('-', '_') then 'system'
        when events.actor_id = requesters.requester_id then 'end_user'
        when events.is_by_agent or users.was_agent or assignees.user_id is not null then 'agent'
        when users.user_id is not null then 'end_user'
    end as actor_type,
    events.is_public,
    events.is_automated or coalesce(events.actor_id like '-%', false) as is_automated,
    events.value,
    events.loaded_at,
    events.parse_errors
from events
left join requesters on events.ticket_id = requesters.ticket_id
left join users on events.actor_id = users.user_id
left join assignees on events.actor_id = assignees.user_id
