-- Grain: one row per landed target; nth_latest 1 is the one that counts for ticket and metric.
with tickets as (

    select
        source_vendor,
        ticket_id
    from {{ ref('int_support__tickets_checked') }}
    where copy_number = 1 and ticket_id is not null

),

targets as (

    select
        targets.*,
        tickets.ticket_id as known_ticket_id,
        {{ key_of('targets.ticket_id', [['', 'targets.metric'], ['', 'targets.applied_at']]) }} as target_key,
        {{ copy_number('targets.source_vendor, targets.ticket_id, targets.metric, targets.applied_at', [
            'targets.loaded_at desc nulls last', 'targets.target_minutes', 'targets.is_business_hours',
        ]) }} as copy_number
    from {{ ref('int_support__ticket_sla_targets_unioned') }} as targets
    left join tickets on targets.source_vendor = tickets.source_vendor and targets.ticket_id = tickets.ticket_id

),

checked as (

    select
        *,
        {{ quarantine_reason([
            ['unparseable_value', 'parse_errors is not null'],
            ['missing_key', 'ticket_id is null'],
            ['unknown_ticket', 'known_ticket_id is null'],
            ['missing_time', 'metric is null and target_minutes is null and applied_at is null'],
            ['unknown_sla_policy', 'metric is null and target_minutes is null'],
            ['missing_key', 'metric is null or target_minutes is null'],
            ['duplicate_key', 'copy_number > 1'],
            ['negative_amount', 'target_minutes < 0'],
            ['after_as_of_date', is_after_as_of('applied_at')],
        ]) }} as quarantine_reason
    from targets

)

select
    *,
    row_number() over (
        partition by source_vendor, ticket_id, metric, case when quarantine_reason is null then 1 else 0 end
        order by applied_at desc nulls last, loaded_at desc nulls last, target_minutes, is_business_hours
    ) as nth_latest,
    {{ record_id('target_key') }} as record_id,
    {{ payload(['ticket_id', 'metric', 'target_minutes', 'applied_at', 'parse_errors'], numbers=['target_minutes']) }} as payload
from checked
