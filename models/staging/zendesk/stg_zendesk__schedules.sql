-- Grain: one row per opening interval, deleted ones too: tickets of then had them. Of a schedule whose hours were changed there are those
-- that it has now, since the last change, and those it had before: by the audit log, or else by the
-- connector's history mode. start_time_utc is not read: it is wrong half the year.
{{ config(enabled=is_listed('support', 'zendesk')) }}
{%- set schedule = landed('zendesk', 'schedule') %}
{%- set log = landed('zendesk', 'audit_log', in_demo=false) %}
{%- set has_versions = not log.exists and landed_column(schedule, '_fivetran_start') %}

with past_schedules as (

    select * from {{ ref('stg_zendesk__past_schedules') }}

),

last_changes as (

    select
        schedule_id,
        max(case when parse_errors is null then valid_to end) as changed_at,
        max(case when parse_errors is not null then 1 else 0 end) = 0 as is_log_read
    from past_schedules
    group by schedule_id

),

schedules as (

    select
        {{ field(schedule, 'id', required=true) }} as schedule_id,
        {{ field(schedule, 'name') }} as schedule_name,
        {{ field(schedule, 'time_zone') }} as time_zone,
        {{ field(schedule, 'start_time', 'bigint', required=true) }} as starts_minute,
        {{ field(schedule, 'end_time', 'bigint', required=true) }} as ends_minute,
        {{ field(schedule, 'created_at', 'timestamp') }} as created_at,
        {{ field(schedule, '_fivetran_start', 'timestamp') }} as version_from,
        case when not {{ field(schedule, '_fivetran_active', 'boolean') }} then {{ field(schedule, '_fivetran_end', 'timestamp') }} end
            as version_to,
        {{ is_deleted(schedule) }} as is_deleted,
        {{ loaded_at(schedule) }} as loaded_at,
        {{ parse_errors(schedule) }} as parse_errors
    from {{ landed_from(schedule) }}
    where
        {{ live_rows(schedule, keep_deleted=true, history=has_versions) }}

)

select
    schedules.schedule_id,
    schedules.schedule_name,
    schedules.time_zone,
    schedules.starts_minute,
    schedules.ends_minute,
    schedules.created_at,
    {{ 'schedules.version_from' if has_versions else 'last_changes.changed_at' }} as valid_from,
    {{ 'schedules.version_to' if has_versions else 'cast(null as ' ~ sql_type('timestamp') ~ ')' }} as valid_to,
    {{ 'coalesce(last_changes.is_log_read, true)' if log.exists else 'true' if has_versions else 'false' }} as is_history_known,
    schedules.is_deleted,
    schedules.loaded_at,
    schedules.parse_errors
from schedules
left join last_changes on schedules.schedule_id = last_changes.schedule_id

union all

select
    schedule_id,
    schedule_name,
    time_zone,
    starts_minute,
    ends_minute,
    cast(null as {{ sql_type('timestamp') }}) as created_at,
    valid_from,
    valid_to,
    true as is_history_known,
    false as is_deleted,
    loaded_at,
    parse_errors
from past_schedules
