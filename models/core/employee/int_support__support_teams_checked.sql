-- Grain: one row per landed team of the support tool.
with support_teams as (

    select
        *,
        {{ copy_number('team_id', ['loaded_at desc nulls last', 'source_vendor', 'team_name', 'department']) }}
            as copy_number
    from {{ ref('int_support__support_teams_unioned') }}

),

checked as (

    select
        *,
        {{ quarantine_reason([
            ['missing_key', 'team_id is null'],
            ['duplicate_key', 'copy_number > 1'],
        ]) }} as quarantine_reason,
        {{ quarantine_reason([['unparseable_value', 'parse_errors is not null']]) }} as attribute_reason
    from support_teams

)

select
    *,
    {{ record_id('team_id') }} as record_id,
    {{ payload(['team_id', 'team_name', 'department', 'parse_errors'], when=is_set_aside()) }} as payload
from checked
