-- Grain: one row per landed user of ours.
with crm_users as (

    select
        *,
        {{ copy_number('user_id', [
            'loaded_at desc nulls last', 'source_vendor', 'is_active desc nulls last', 'manager_id',
        ]) }}
            as copy_number
    from {{ ref('int_crm__crm_users_unioned') }}

),

checked as (

    select
        *,
        {{ quarantine_reason([
            ['missing_key', 'user_id is null'],
            ['duplicate_key', 'copy_number > 1'],
        ]) }} as quarantine_reason,
        {{ quarantine_reason([['unparseable_value', 'parse_errors is not null']]) }} as attribute_reason
    from crm_users

)

select
    *,
    {{ record_id('user_id') }} as record_id,
    {{ payload(['user_id', 'manager_id', 'is_active', 'parse_errors'], when=is_set_aside()) }} as payload
from checked
