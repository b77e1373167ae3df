-- Claim: per vendor, entity and reason the rows set aside by the checked models are those of
-- quarantined_records and of the newest day of quarantine_by_day.
with set_aside as (

    select
        source_vendor,
        source_name,
        entity,
        reason,
        records
    from {{ ref('int_audit__quarantine_counts') }}
    where reason is not null

),

quarantined as (

    select
        source_vendor,
        source_name,
        entity,
        reason,
        count(*) as records
    from {{ ref('quarantined_records') }}
    group by source_vendor, source_name, entity, reason

),

reported as (

    select
        source_vendor,
        source_name,
        entity,
        reason,
        records
    from {{ ref('quarantine_by_day') }}
    where quarantined_on = {{ as_of_date_sql() }} and reason <> 'none'

),

compared as (

    select
        source_vendor,
        source_name,
        entity,
        reason,
        sum(set_aside) as set_aside,
        sum(quarantined) as quarantined,
        sum(reported) as reported
    from (
        select source_vendor, source_name, entity, reason, records as set_aside, 0 as quarantined, 0 as reported from set_aside
        union all
        select source_vendor, source_name, entity, reason, 0 as set_aside, records as quarantined, 0 as reported from quarantined
        union all
        select source_vendor, source_name, entity, reason, 0 as set_aside, 0 as quarantined, records as reported from reported
    ) as counts
    group by source_vendor, source_name, entity, reason

)

select *
from compared
where set_aside <> quarantined or set_aside <> reported
