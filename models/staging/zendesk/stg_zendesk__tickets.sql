-- Grain: one row per landed ticket row. Deleted tickets are kept and flagged: they count nowhere,
-- but their events and surveys must not look like those of unknown tickets. What was written in a chat is in ticket_chat_event: where
-- that is not landed nobody can say when a ticket of a chat was answered.
{{ config(enabled=is_listed('support', 'zendesk')) }}
{%- set ticket = landed('zendesk', 'ticket') %}
{%- set organization = landed('zendesk', 'organization') %}
{%- set user = landed('zendesk', 'user') %}
{%- set ticket_schedule = landed('zendesk', 'ticket_schedule') %}
{%- set ticket_tag = landed('zendesk', 'ticket_tag') %}
{%- set message = landed('zendesk', 'ticket_chat_event', in_demo=false) %}
{%- set is_chat = '(tickets.is_from_messaging or tickets.channel in ' ~ zendesk_chat_channels() ~ ')' %}

with tickets as (

    select
        {{ field(ticket, 'id', required=true) }} as ticket_id,
        {{ field(ticket, 'organization_id') }} as organization_id,
        {{ field(ticket, 'requester_id') }} as requester_id,
        {{ field(ticket, 'assignee_id') }} as agent_id,
        {{ field(ticket, 'group_id') }} as team_id,
        {{ field(ticket, ['custom_topic', 'topic']) }} as topic,
        {{ zendesk_via(ticket, 'channel') }} as channel,
        {{ field(ticket, 'from_messaging_channel', 'boolean') }} as is_from_messaging,
        {{ fold_case(field(ticket, 'type')) }} as ticket_type,
        {{ fold_case(field(ticket, 'priority')) }} as severity,
        {{ fold_case(field(ticket, 'status')) }} as status,
        {{ field(ticket, 'created_at', 'timestamp') }} as created_at,
        -- [123, 456] as 123,456
        {{ replace_pattern(field(ticket, 'merged_ticket_ids'), '[^0-9,]', '') }} as merged_ticket_ids,
        coalesce({{ field(ticket, 'tags') }}, '') like '%closed_by_merge%'
        or coalesce({{ zendesk_via(ticket, 'rel') }}, '') = 'merge' as is_closed_by_merge,
        {{ is_deleted(ticket) }} or coalesce({{ fold_case(field(ticket, 'status')) }}, '') = 'deleted' as is_deleted,
        {{ loaded_at(ticket) }} as loaded_at,
        {{ parse_errors(ticket) }} as parse_errors
    from {{ landed_from(ticket) }}
    where
        {{ live_rows(ticket, keep_deleted=true) }}

),

organizations as (

    select
        {{ field(organization, 'id', required=true) }} as organization_id,
        max({{ field(organization, 'external_id') }}) as external_id
    from {{ landed_from(organization, newest=true) }}
    where
        {{ live_rows(organization, keep_deleted=true) }}
    group by 1

),

users as (

    select
        {{ field(user, 'id', required=true) }} as user_id,
        max({{ field(user, 'external_id') }}) as external_id,
        max({{ field(user, 'email') }}) as email
    from {{ landed_from(user, newest=true) }}
    where
        {{ live_rows(user, keep_deleted=true) }}
    group by 1

),

schedule_changes as (

    select
        {{ field(ticket_schedule, 'ticket_id', required=true) }} as ticket_id,
        {{ field(ticket_schedule, 'schedule_id') }} as schedule_id,
        {{ field(ticket_schedule, 'created_at', 'timestamp') }} as created_at
    from {{ landed_from(ticket_schedule, newest=true) }}
    where
        {{ live_rows(ticket_schedule) }}

),

latest_schedules as (

    select
        *,
        row_number() over (partition by ticket_id order by created_at desc nulls last, schedule_id desc) as nth_latest
    from schedule_changes

),

merge_tags as (

    select distinct {{ field(ticket_tag, 'ticket_id', required=true) }} as ticket_id
    from {{ landed_from(ticket_tag) }}
    where
        {{ live_rows(ticket_tag) }}
        and {{ fold_case(field(ticket_tag, 'tag')) }} = 'closed_by_merge'

),

numbers as (

    {{ dbt.generate_series(100) }}

),

-- the surviving ticket lists the tickets that were merged into it
merged_tickets as (

    select
        split_part(tickets.merged_ticket_ids, ',', cast(numbers.generated_number as {{ dbt.type_int() }})) as ticket_id,
        min(tickets.ticket_id) as merged_into_ticket_id
    from tickets
    inner join numbers
        on
            numbers.generated_number
            <= length(tickets.merged_ticket_ids) - length(replace(tickets.merged_ticket_ids, ',', '')) + 1
    where tickets.merged_ticket_ids <> ''
    group by 1

)

select
    tickets.ticket_id,
    -- an organisation that did not land is named by its id, unless none did
    case
        when organizations.organization_id is not null then organizations.external_id
        {%- if organization.exists %}
        else tickets.organization_id
        {%- endif %}
    end as account_ref,
    users.external_id as requester_ref,
    users.email as requester_email,
    tickets.agent_id,
    tickets.team_id,
    tickets.topic,
    tickets.channel,
    tickets.ticket_type,
    tickets.severity,
    case when tickets.status in ('on-hold', 'on_hold') then 'hold' else tickets.status end as status,
    tickets.created_at,
    cast(null as {{ sql_type('timestamp') }}) as first_assigned_at,
    cast(null as {{ sql_type('timestamp') }}) as first_replied_at,
    cast(null as {{ sql_type('timestamp') }}) as solved_at,
    cast(null as {{ sql_type('bigint') }}) as reopens,
    {{ 'true' if message.exists else 'not coalesce(' ~ is_chat ~ ', false)' }} as has_reply_log,
    latest_schedules.schedule_id,
    merged_tickets.merged_into_ticket_id,
    merged_tickets.ticket_id is not null or merge_tags.ticket_id is not null or tickets.is_closed_by_merge as is_merged,
    tickets.is_deleted,
    tickets.loaded_at,
    tickets.parse_errors
from tickets
left join organizations on tickets.organization_id = organizations.organization_id
left join users on tickets.requester_id = users.user_id
left join latest_schedules on tickets.ticket_id = latest_schedules.ticket_id and latest_schedules.nth_latest = 1
left join merge_tags on tickets.ticket_id = merge_tags.ticket_id
left join merged_tickets on tickets.ticket_id = merged_tickets.ticket_id
