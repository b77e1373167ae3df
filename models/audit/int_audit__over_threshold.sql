-- Grain: one row per vendor and entity of which more was set aside than quarantine_threshold allows. Every mart waits for this model,
-- and its post-hook stops the run when there is a row, so the marts stay as they were. Rows after as_of_date are no mistake: a run for
-- a day gone by has many.
{{ config(materialized='table', post_hook='{{ stop_on_too_many_set_aside() }}') }}
{%- set limits = threshold('quarantine_threshold') %}

with counts as (

    select * from {{ ref('int_audit__quarantine_counts') }}

),

entities as (

    select
        source_vendor,
        source_name,
        entity,
        sum(records) as landed_records,
        sum(case when reason is not null then records else 0 end) as set_aside_records,
        {{ sorted_list("reason || ' ' || cast(records as " ~ dbt.type_string() ~ ")") }} as reasons
    from counts
    where reason is null or reason <> 'after_as_of_date'
    group by source_vendor, source_name, entity

)

select *
from entities
where
    landed_records >= {{ limits['rows'] }}
    and set_aside_records > {{ share_limit('quarantine_threshold', "source_name || '.' || entity") }} * landed_records
