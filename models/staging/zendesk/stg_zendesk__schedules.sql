-- Grain: one row per opening interval, deleted ones too: tickets of then had them. start_time_utc is not read: it is wrong half the year.
{{ config(enabled=is_listed('support', 'zendesk')) }}
{%- set schedule = landed('zendesk', 'schedule') %}

select
    {{ field(schedule, 'id', required=true) }} as schedule_id,
    {{ field(schedule, 'name') }} as schedule_name,
    {{ field(schedule, 'time_zone') }} as time_zone,
    {{ field(schedule, 'start_time', 'bigint', required=true) }} as starts_minute,
    {{ field(schedule, 'end_time', 'bigint', required=true) }} as ends_minute,
    {{ field(schedule, 'created_at', 'timestamp') }} as created_at,
    {{ is_deleted(schedule) }} as is_deleted,
    {{ loaded_at(schedule) }} as loaded_at,
    {{ parse_errors(schedule) }} as parse_errors
from {{ landed_from(schedule) }}
where
    {{ live_rows(schedule, keep_deleted=true) }}
