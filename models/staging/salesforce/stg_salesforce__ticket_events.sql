-- Status and owner changes, comments and mails of Service Cloud cases. A closed status is
-- solved: Salesforce has no state between. A change that names no field has no type.
{{ config(enabled=is_listed('support', 'salesforce')) }}
{%- set history = landed('salesforce', 'case_history', in_demo=false) %}
{%- set comment = landed('salesforce', 'case_comment', in_demo=false) %}
{%- set mail = landed('salesforce', 'email_message', in_demo=false) %}

select
    {{ field(history, 'id', required=true) }} as event_id,
    {{ field(history, 'case_id', required=true) }} as ticket_id,
    case {{ fold_case(field(history, 'field')) }} when 'owner' then 'assignee' when 'status' then 'status' end as event_type,
    {{ field(history, 'created_date', 'timestamp') }} as occurred_at,
    {{ field(history, 'created_by_id') }} as actor_id,
    'agent' as actor_type,
    cast(null as {{ sql_type('boolean') }}) as is_public,
    false as is_automated,
    case
        when {{ fold_case(field(history, 'field')) }} = 'status' and {{ fold_case(field(history, 'new_value')) }} like 'closed%'
            then 'solved'
        else {{ fold_case(field(history, 'new_value')) }}
    end as value,
    {{ loaded_at(history) }} as loaded_at,
    {{ parse_errors(history, [('created_date', 'timestamp')]) }} as parse_errors
from {{ landed_from(history) }}
where
    {{ live_rows(history) }}
    and coalesce({{ fold_case(field(history, 'field')) }}, 'status') in ('status', 'owner')

union all

select
    {{ field(comment, 'id', required=true) }} as event_id,
    {{ field(comment, 'parent_id', required=true) }} as ticket_id,
    'comment' as event_type,
    {{ field(comment, 'created_date', 'timestamp') }} as occurred_at,
    {{ field(comment, 'created_by_id') }} as actor_id,
    'agent' as actor_type,
    coalesce({{ field(comment, 'is_published', 'boolean') }}, false) as is_public,
    false as is_automated,
    cast(null as {{ sql_type('string') }}) as value,
    {{ loaded_at(comment) }} as loaded_at,
    {{ parse_errors(comment, [('created_date', 'timestamp')]) }} as parse_errors
from {{ landed_from(comment) }}
where
    {{ live_rows(comment) }}

union all

select
    {{ field(mail, 'id', required=true) }} as event_id,
    {{ field(mail, 'parent_id', required=true) }} as ticket_id,
    'comment' as event_type,
    {{ field(mail, 'message_date', 'timestamp') }} as occurred_at,
    {{ field(mail, 'created_by_id') }} as actor_id,
    case when {{ field(mail, 'incoming', 'boolean') }} then 'end_user' else 'agent' end as actor_type,
    true as is_public,
    coalesce({{ field(mail, 'is_automated_c', 'boolean') }}, false) as is_automated,
    cast(null as {{ sql_type('string') }}) as value,
    {{ loaded_at(mail) }} as loaded_at,
    {{ parse_errors(mail, [('message_date', 'timestamp')]) }} as parse_errors
from {{ landed_from(mail) }}
where
    {{ live_rows(mail) }}
