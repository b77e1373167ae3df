-- Grain: one row per landed opening interval, with the IANA name of its time zone: by the seed
-- time_zones for Rails names, else the name itself where it is one. Deleted intervals are superseded where the schedule has others; the
-- hours of a schedule that was deleted whole are those it had. The oldest hours that are known count for what
-- was before them.
{{ config(materialized='table') }}

with schedules as (

    select
        *,
        {{ key_of('schedule_id', [['from ', 'starts_minute'], ['to ', 'ends_minute']]) }}
        || coalesce(' since ' || cast(valid_from as {{ dbt.type_string() }}), '')
        || coalesce(' until ' || cast(valid_to as {{ dbt.type_string() }}), '') as interval_key,
        {{ copy_number('source_vendor, schedule_id, starts_minute, ends_minute, valid_from, valid_to', [
            'loaded_at desc nulls last', 'time_zone', 'created_at', 'schedule_name',
        ]) }} as copy_number,
        is_deleted
        and min(case when is_deleted or valid_to is not null then 1 else 0 end) over (partition by source_vendor, schedule_id) = 0
            as is_superseded
    from {{ ref('int_support__schedules_unioned') }}

),

time_zones as (

    select * from {{ ref('time_zones') }}

),

resolved as (

    select
        schedules.*,
        coalesce(
            time_zones.iana_name,
            case when schedules.time_zone in ('{{ modules.pytz.all_timezones | join("', '") }}') then schedules.time_zone end -- noqa: LT05
        ) as iana_name
    from schedules
    left join time_zones on {{ fold_case('trim(schedules.time_zone)') }} = {{ fold_case('time_zones.rails_name') }}

),

checked as (

    select
        *,
        {{ quarantine_reason([
            ['unparseable_value', 'parse_errors is not null'],
            ['missing_key', 'schedule_id is null or starts_minute is null or ends_minute is null'],
            ['duplicate_key', 'copy_number > 1'],
            ['invalid_interval', 'valid_to < valid_from'],
            ['invalid_interval', 'starts_minute < 0 or ends_minute > 10080 or ends_minute <= starts_minute'],
            ['unknown_time_zone', 'iana_name is null'],
        ]) }} as quarantine_reason
    from resolved

)

select
    *,
    -- null for the first hours that are known
    case
        when valid_from > min(coalesce(valid_from, timestamp '1900-01-01 00:00:00')) over (partition by source_vendor, schedule_id)
            then valid_from
    end as counts_from,
    {{ record_id('interval_key') }} as record_id,
    {{ payload(['schedule_id', 'time_zone', 'starts_minute', 'ends_minute', 'parse_errors']) }} as payload
from checked
