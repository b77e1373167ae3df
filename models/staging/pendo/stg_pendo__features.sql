-- Grain: the newest version of a feature, every landed copy of it, and beside it those whose time cannot be read.
-- Deleted features stay: their use is history.
{{ config(enabled=is_listed('usage', 'pendo')) }}
{%- set feature = landed('pendo', 'feature_history') %}
{%- set area = landed('pendo', 'group') %}

with versions as (

    select
        {{ field(feature, 'id', required=true) }} as feature_id,
        {{ field(feature, 'name') }} as feature_name,
        {{ field(feature, 'group_id') }} as group_id,
        {{ field(feature, 'is_core_event', 'boolean') }} as is_sticky,
        {{ field(feature, 'last_updated_at', 'timestamp') }} as updated_at,
        {{ loaded_at(feature) }} as loaded_at,
        {{ parse_errors(feature) }} as parse_errors
    from {{ landed_from(feature) }}
    where
        {{ live_rows(feature, history=true, keep_deleted=true) }}

),

latest as (

    select
        *,
        rank() over (partition by feature_id order by updated_at desc nulls last) as nth_latest
    from versions

),

areas as (

    select
        {{ field(area, 'id', required=true) }} as group_id,
        min({{ field(area, 'name') }}) as module
    from {{ landed_from(area) }}
    where {{ live_rows(area, keep_deleted=true) }}
    group by 1

)

select
    latest.feature_id,
    latest.feature_name,
    coalesce(areas.module, latest.group_id) as module,
    latest.is_sticky,
    latest.loaded_at,
    latest.parse_errors
from latest
left join areas on latest.group_id = areas.group_id
where latest.nth_latest = 1 or latest.feature_id is null or (latest.updated_at is null and latest.parse_errors is not null)
