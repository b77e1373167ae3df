-- Grain: one row per landed record of a follow-up. A record of an answer that is set aside itself, or opens no case, is sound and
-- leads nowhere. Of a record of an answer that may be an employee's the key is kept and nothing else.
with records as (

    select
        *,
        {{ copy_number('case_record_id', [
            'loaded_at desc nulls last', 'opened_at desc nulls last', 'closed_at desc nulls last', 'source_vendor', 'response_ref', 'team_ref',
            'root_cause',
        ]) }} as copy_number
    from {{ ref('int_survey__case_records_unioned') }}

),

answer_keys as (

    select * from {{ ref('int_survey__answer_keys') }}

),

checked as (

    select
        records.*,
        not answer_keys.is_of_employees as is_of_customer,
        {{ quarantine_reason([
            ['missing_key', 'records.case_record_id is null or records.response_ref is null'],
            ['duplicate_key', 'records.copy_number > 1'],
            ['unparseable_value', 'records.parse_errors is not null'],
            ['implausible_time', is_before_plausible('records.opened_at') ~ ' or ' ~ is_before_plausible('records.closed_at')],
            ['after_as_of_date', is_after_as_of('records.opened_at')],
            ['impossible_order', 'records.closed_at < records.opened_at'],
            ['unknown_response', 'answer_keys.answer_key is null'],
        ]) }} as quarantine_reason
    from records
    left join answer_keys on records.response_ref = answer_keys.answer_key

)

select
    *,
    {{ record_id('case_record_id') }} as record_id,
    {{ payload(
        ['case_record_id', 'response_ref', 'opened_at', 'closed_at', 'parse_errors'],
        when='quarantine_reason is not null and is_of_customer',
    ) }} as payload
from checked
