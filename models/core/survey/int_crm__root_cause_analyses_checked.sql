-- Grain: one row per landed analysis, with its account where it names one. One of an answer that is set aside itself, or opens no
-- case, is sound and leads to no case.
with analyses as (

    select
        *,
        {{ copy_number('analysis_id', [
            'loaded_at desc nulls last', 'opened_at desc nulls last', 'closed_at desc nulls last', 'source_vendor', 'department', 'account_ref',
            'response_ref', 'target_days', 'root_cause', 'is_fix_verified',
        ]) }} as copy_number
    from {{ ref('int_crm__root_cause_analyses_unioned') }}

),

account_keys as (

    select * from {{ ref('int_crm__account_keys') }}

),

answer_keys as (

    select * from {{ ref('int_survey__answer_keys') }}

),

checked as (

    select
        analyses.*,
        account_keys.account_id,
        analyses.response_ref is null or not answer_keys.is_of_employees as is_of_customer,
        {{ quarantine_reason([
            ['missing_key', 'analyses.analysis_id is null'],
            ['duplicate_key', 'analyses.copy_number > 1'],
            ['unparseable_value', 'analyses.parse_errors is not null'],
            ['missing_time', 'analyses.opened_at is null'],
            ['implausible_time', is_before_plausible('analyses.opened_at')],
            ['after_as_of_date', is_after_as_of('analyses.opened_at')],
            ['impossible_order', 'analyses.closed_at < analyses.opened_at'],
            ['negative_amount', 'analyses.target_days < 0'],
        ] + account_reasons('analyses.account_ref', 'account_keys.account_key', 'account_keys.account_id') + [
            ['unknown_response', 'analyses.response_ref is not null and answer_keys.answer_key is null'],
        ]) }} as quarantine_reason
    from analyses
    left join account_keys on analyses.account_ref = account_keys.account_key
    left join answer_keys on analyses.response_ref = answer_keys.answer_key

)

select
    *,
    {{ record_id('analysis_id') }} as record_id,
    {{ payload([
        'analysis_id', 'department', 'account_ref', 'response_ref', 'opened_at', 'target_days', 'closed_at', 'parse_errors',
    ], when='quarantine_reason is not null and is_of_customer') }} as payload
from checked
