-- Grain: one row per landed feature.
with features as (

    select
        *,
        {{ copy_number('source_vendor, feature_id', [
            'loaded_at desc nulls last', 'parse_errors nulls first', 'feature_name', 'module', 'is_sticky',
        ]) }} as copy_number
    from {{ ref('int_usage__features_unioned') }}

),

checked as (

    select
        *,
        {{ quarantine_reason([
            ['missing_key', 'feature_id is null'],
            ['duplicate_key', 'copy_number > 1'],
        ]) }} as quarantine_reason,
        {{ quarantine_reason([['unparseable_value', 'parse_errors is not null']]) }} as attribute_reason
    from features

)

select
    *,
    {{ record_id('feature_id') }} as record_id,
    {{ payload(['feature_id', 'feature_name', 'module', 'is_sticky', 'parse_errors'], when=is_set_aside()) }} as payload
from checked
