-- table: zendesk.group
select distinct
    group_id as id,
    'Bulk Support ' || (group_id - 900000) as name,
    cast(getvariable('start') as timestamp) as created_at,
    false as _fivetran_deleted,
    cast(getvariable('start') as timestamp) as _fivetran_synced
from employees;

-- table: zendesk.user
select
    agent_id as id,
    'Agent ' || e as name,
    email,
    'agent' as role,
    null as external_id,
    null as organization_id,
    true as active,
    false as suspended,
    cast(getvariable('start') as timestamp) as created_at,
    cast(getvariable('start') as timestamp) as _fivetran_synced
from employees
union all
select
    zendesk_user_id as id,
    'Person ' || c as name,
    email,
    'end-user' as role,
    case when u('known to zendesk', c) < 0.7 then id end as external_id,
    1000000000 + a as organization_id,
    true as active,
    false as suspended,
    created_at,
    created_at as _fivetran_synced
from contacts;

-- table: zendesk.organization
select
    1000000000 + a as id,
    'Customer ' || a as name,
    case when u('organization key', a) < 0.5 then id else account_number end as external_id,
    cast(joined_on as timestamp) as created_at,
    false as _fivetran_deleted,
    cast(joined_on as timestamp) as _fivetran_synced
from accounts;

-- shared: zendesk.schedule
id bigint, name varchar, start_time bigint, end_time bigint, time_zone varchar, created_at timestamp, _fivetran_deleted boolean,
_fivetran_synced timestamp

-- shared: zendesk.schedule_holiday
id bigint, schedule_id bigint, name varchar, start_date date, end_date date, _fivetran_deleted boolean, _fivetran_synced timestamp

-- shared: zendesk.sla_policy_metric_history
index bigint, sla_policy_id bigint, sla_policy_updated_at timestamp, metric varchar, priority varchar, target bigint,
business_hours boolean, _fivetran_synced timestamp

-- table: zendesk.ticket
select
    id,
    'A question about ' || topic as subject,
    case
        when closed_at < closes_at() then 'closed'
        when coalesce(solved_again_at, solved_at) < closes_at() then 'solved'
        when reopened_at < closes_at() then 'open'
        when solved_at < closes_at() then 'solved'
        when replied_at < closes_at() then 'pending'
        when assigned_at < closes_at() then 'open'
        else 'new'
    end as status,
    priority,
    type,
    channel as via_channel,
    requester_id,
    case when assigned_at < closes_at() then assignee_id end as assignee_id,
    group_id,
    case when u('stray', n) < 0.0005 then 1900000000 + n else 1000000000 + a end as organization_id,
    topic as custom_topic,
    case when u('merge', n) < 0.002 and n >= 7 then '[' || (id - 7) || ']' else '[]' end as merged_ticket_ids,
    created_at,
    greatest(
        created_at, known(assigned_at), known(replied_at), known(solved_at), known(reopened_at), known(solved_again_at), known(closed_at)
    ) as updated_at,
    u('deleted', n) < 0.002 as _fivetran_deleted,
    greatest(
        created_at, known(assigned_at), known(replied_at), known(solved_at), known(reopened_at), known(solved_again_at), known(closed_at)
    ) + interval 1 hour as _fivetran_synced
from tickets(getvariable('start'), getvariable('last_day'));

-- log: zendesk.ticket_field_history
select
    change.field_name,
    id as ticket_id,
    change.updated,
    change.value,
    change.user_id,
    synced(change.updated, 'change', n * 100 + change_number) as _fivetran_synced
from (
    select
        id,
        n,
        generate_subscripts(changes, 1) as change_number,
        unnest(changes) as change
    from (
        select
            id,
            n,
            [
                {'field_name': 'status', 'updated': created_at, 'value': 'new', 'user_id': requester_id},
                {'field_name': 'priority', 'updated': created_at, 'value': priority, 'user_id': requester_id},
                {'field_name': 'group_id', 'updated': created_at, 'value': cast(group_id as varchar), 'user_id': -1},
                {'field_name': 'assignee_id', 'updated': assigned_at, 'value': cast(assignee_id as varchar), 'user_id': assignee_id},
                {'field_name': 'status', 'updated': assigned_at, 'value': 'open', 'user_id': assignee_id},
                {'field_name': 'status', 'updated': replied_at, 'value': 'pending', 'user_id': assignee_id},
                {'field_name': 'status', 'updated': solved_at, 'value': 'solved', 'user_id': assignee_id},
                {'field_name': 'status', 'updated': reopened_at, 'value': 'open', 'user_id': requester_id},
                {'field_name': 'status', 'updated': solved_again_at, 'value': 'solved', 'user_id': assignee_id},
                {'field_name': 'status', 'updated': closed_at, 'value': 'closed', 'user_id': -1}
            ]
            || [
                {'field_name': 'custom_' || range, 'updated': created_at, 'value': 'set', 'user_id': requester_id}
                for range in range(getvariable('custom_fields'))
            ] as changes
        from tickets(getvariable('first_day') - ticket_life(), getvariable('last_day'))
    )
)
where change.updated is not null and is_landed(_fivetran_synced);

-- log: zendesk.ticket_comment
select
    id * 100 + i as id,
    id as ticket_id,
    case when i = 0 then requester_id when is_agent then assignee_id else requester_id end as user_id,
    case when i = 0 then 'Please help with ' || topic || '.' when is_agent then 'We look into it.' else 'Any news?' end as body,
    i < 2 or not is_agent or u('internal', n * 100 + i) > 0.25 as public,
    written_at as created,
    case when i = 0 then channel else 'web' end as via_channel,
    synced(written_at, 'comment', n * 100 + i) as _fivetran_synced
from (
    select
        *,
        i % 2 = 1 as is_agent,
        case
            when i = 0 then created_at
            when i = 1 then replied_at
            else replied_at + to_seconds(cast(floor(datediff('second', replied_at, solved_at) * (i - 1) / comments) as bigint))
        end as written_at
    from (
        select
            *,
            unnest(range(comments)) as i
        from (
            select
                *,
                1 + cast(floor(least(-ln(1 - u('comments', n)), 6) * getvariable('comments_a_ticket') + 0.5) as bigint) as comments
            from tickets(getvariable('first_day') - ticket_life(), getvariable('last_day'))
        )
    )
)
where written_at is not null and is_landed(_fivetran_synced);

-- table: zendesk.ticket_tag
select
    'closed_by_merge' as tag,
    id - 7 as ticket_id,
    created_at as _fivetran_synced
from tickets(getvariable('start'), getvariable('last_day'))
where u('merge', n) < 0.002 and n >= 7;

-- table: zendesk.ticket_schedule
select
    id as ticket_id,
    case when u('schedule', n) < 0.08 then 8001 when u('schedule', n) < 0.12 then 8002 else 8003 end as schedule_id,
    created_at + interval 1 minute as created_at,
    created_at + interval 1 hour as _fivetran_synced
from tickets(getvariable('start'), getvariable('last_day'))
where u('schedule', n) < 0.2;

-- table: zendesk.ticket_sla_policy
select
    id as ticket_id,
    8501 as sla_policy_id,
    created_at + interval 40 second as policy_applied_at,
    created_at + interval 1 hour as _fivetran_synced
from tickets(getvariable('start'), getvariable('last_day'))
where created_at > timestamp '2024-01-09' and u('policy', n) < getvariable('sla_share');

-- table: zendesk.satisfaction_rating
select
    300000000 + n as id,
    id as ticket_id,
    requester_id,
    assignee_id,
    group_id,
    case when scored_at < closes_at() then case when u('mood of rating', n) < 0.35 + 0.6 * health then 'good' else 'bad' end
        else 'offered' end as score,
    null as comment,
    offered_at as created_at,
    coalesce(known(scored_at), offered_at) as updated_at,
    coalesce(known(scored_at), offered_at) + interval 1 hour as _fivetran_synced
from (
    select
        *,
        solved_at + interval 24 hour as offered_at,
        answers_at(solved_at + interval 24 hour, 'rating', n, health) as scored_at
    from tickets(getvariable('start'), getvariable('last_day')) as rated
    inner join account_months on rated.a = account_months.a and month_number(created_at) = m
    where u('offered', n) < 0.1
)
where offered_at < closes_at();
