-- Grain: one row per landed agent.
with agents as (

    select
        *,
        {{ copy_number('source_vendor, agent_id', ['loaded_at desc nulls last', 'team_id', 'is_active']) }}
            as copy_number
    from {{ ref('int_support__agents_unioned') }}

),

checked as (

    select
        *,
        {{ quarantine_reason([
            ['missing_key', 'agent_id is null'],
            ['duplicate_key', 'copy_number > 1'],
        ]) }} as quarantine_reason,
        {{ quarantine_reason([['unparseable_value', 'parse_errors is not null']]) }} as attribute_reason
    from agents

)

select
    *,
    {{ record_id('agent_id') }} as record_id,
    {{ payload(['agent_id', 'team_id', 'is_active', 'parse_errors'], when=is_set_aside()) }} as payload
from checked
