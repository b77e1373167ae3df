-- Tasks (calls, mails) and events (meetings, business reviews). A task counts from when it
-- was done: an open one has not happened. List mails and cadences are sent by machines. A lead (key 00Q) is no contact yet.
{{ config(enabled=is_listed('crm', 'salesforce')) }}
{%- set task = landed('salesforce', 'task') %}
{%- set event = landed('salesforce', 'event') %}

with tasks as (

    select
        {{ field(task, 'id', required=true) }} as activity_id,
        {{ field(task, 'account_id') }} as account_ref,
        {{ field(task, 'who_id') }} as person_id,
        {{ field(task, 'owner_id') }} as owner_id,
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
        {{ fold_case("coalesce(" ~ field(event, 'type') ~ ", 'meeting')") }} as type_text,
        {{ fold_case("coalesce(" ~ field(event, 'event_subtype') ~ ", '')") }} as subtype_text,
        '' as direction_text,
        {{ field(event, 'is_automated_c', 'boolean') }} as is_automated_flag,
        true as has_happened,
        coalesce(
            {{ field(event, ['start_date_time', 'activity_date_time'], 'timestamp') }},
            {{ field(event, 'activity_date', 'timestamp') }}
        ) as happened_at,
        {{ field(event, ['qbr_rating_c', 'rating_c'], 'double precision') }} as rating,
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
    activity_id,
    account_ref,
    case when substring(person_id, 1, 3) <> '00Q' then person_id end as contact_ref,
    owner_id,
    activity_type,
    -- a to-do is no contact
    activity_type <> 'other' and direction_text <> 'inbound' and type_text not like '%inbound%' as is_outbound,
    coalesce(is_automated_flag, false) or subtype_text in ('listemail', 'cadence') as is_automated,
    has_happened,
    case when has_happened then happened_at end as occurred_at,
    rating,
    loaded_at,
    parse_errors
from typed
