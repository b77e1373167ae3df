{{ config(enabled=is_listed('support', 'zendesk')) }}
{%- set holiday = landed('zendesk', 'schedule_holiday') %}

select
    {{ field(holiday, 'id', required=true) }} as holiday_id,
    {{ field(holiday, 'schedule_id', required=true) }} as schedule_id,
    {{ field(holiday, 'start_date', 'date', required=true) }} as first_date,
    {{ field(holiday, 'end_date', 'date') }} as last_date,
    {{ is_deleted(holiday) }} as is_deleted,
    {{ loaded_at(holiday) }} as loaded_at,
    {{ parse_errors(holiday) }} as parse_errors
from {{ landed_from(holiday) }}
where
    {{ live_rows(holiday, keep_deleted=true) }}
