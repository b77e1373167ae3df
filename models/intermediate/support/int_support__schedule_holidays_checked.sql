-- Grain: one row per landed holiday.
with holidays as (

    select
        source_vendor,
        holiday_id,
        schedule_id,
        first_date,
        coalesce(last_date, first_date) as last_date,
        loaded_at,
        parse_errors,
        {{ copy_number('source_vendor, holiday_id, schedule_id', ['loaded_at desc nulls last', 'first_date', 'last_date']) }} as copy_number
    from {{ ref('int_support__schedule_holidays_unioned') }}

),

checked as (

    select
        *,
        {{ quarantine_reason([
            ['unparseable_value', 'parse_errors is not null'],
            ['missing_key', 'holiday_id is null or schedule_id is null or first_date is null'],
            ['duplicate_key', 'copy_number > 1'],
            ['invalid_interval', 'last_date < first_date'],
        ]) }} as quarantine_reason
    from holidays

)

select
    *,
    {{ record_id("holiday_id || ' of ' || schedule_id") }} as record_id,
    {{ payload(['holiday_id', 'schedule_id', 'first_date', 'last_date', 'parse_errors']) }} as payload
from checked
