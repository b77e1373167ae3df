-- Grain: one row per landed holiday. A holiday of a schedule that is set aside itself is sound and closes nothing,
-- and so is one that was deleted before it was over.
with holidays as (

    select
        source_vendor,
        holiday_id,
        schedule_id,
        first_date,
        coalesce(last_date, first_date) as last_date,
        is_deleted and coalesce({{ reporting_date('loaded_at') }} <= coalesce(last_date, first_date), false) as is_withdrawn,
        loaded_at,
        parse_errors,
        {{ copy_number('source_vendor, holiday_id, schedule_id', ['loaded_at desc nulls last', 'first_date', 'last_date']) }} as copy_number
    from {{ ref('int_support__schedule_holidays_unioned') }}

),

schedules as (

    select distinct
        source_vendor,
        schedule_id
    from {{ ref('int_support__schedules_unioned') }}

),

checked as (

    select
        holidays.*,
        {{ quarantine_reason([
            ['unparseable_value', 'parse_errors is not null'],
            ['missing_key', 'holiday_id is null or holidays.schedule_id is null or first_date is null'],
            ['duplicate_key', 'copy_number > 1'],
            ['invalid_interval', 'last_date < first_date'],
            ['unknown_schedule', 'schedules.schedule_id is null'],
        ]) }} as quarantine_reason
    from holidays
    left join schedules on holidays.source_vendor = schedules.source_vendor and holidays.schedule_id = schedules.schedule_id

)

select
    *,
    {{ record_id(key_of('holiday_id', [['of ', 'schedule_id']])) }} as record_id,
    {{ payload(['holiday_id', 'schedule_id', 'first_date', 'last_date', 'parse_errors']) }} as payload
from checked
