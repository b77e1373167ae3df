-- Grain: one row per day (as_of_date of a run), vendor, domain, entity and reason; an entity with
-- nothing set aside has one row of reason none, so that a quiet day differs from one without a run.
-- A day that is built again is replaced whole, other days stay as their runs saw them, even in a
-- full refresh.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='quarantined_on',
    on_schema_change='append_new_columns',
    full_refresh=false,
) }}

with counts as (

    select * from {{ ref('int_audit__quarantine_counts') }}

),

entities as (

    select
        source_vendor,
        source_name,
        entity,
        cast(sum(records) as {{ sql_type('bigint') }}) as landed_records
    from counts
    group by source_vendor, source_name, entity

),

set_aside as (

    select * from counts where reason is not null

)

select
    {{ as_of_date_sql() }} as quarantined_on,
    entities.source_vendor,
    entities.source_name,
    entities.entity,
    coalesce(set_aside.reason, 'none') as reason,
    cast(coalesce(set_aside.records, 0) as {{ sql_type('bigint') }}) as records,
    entities.landed_records,
    {{ share_of('coalesce(set_aside.records, 0)', 'entities.landed_records') }} as share_of_landed
from entities
left join set_aside
    on
        entities.source_vendor = set_aside.source_vendor
        and entities.source_name = set_aside.source_name
        and entities.entity = set_aside.entity
