-- Grain: one row per vendor, domain, entity and table that its staging model reads; a table of a vendor
-- that landed and that no listed domain reads has one row without domain and entity. The models
-- that stand on the tables come first, so that the demo's tables are there to be counted.
{{ config(materialized='table') }}
{%- do set_aside_entities() %}

{%- if execute %}
{%- set report = landed_report() %}

with sizes as (

    {{ no_rows(landed_size_columns()) }}
    {%- for landed in report.found %}
    union all
    select
        {{ text_literal(landed.vendor) }} as source_vendor,
        {{ text_literal(landed.table) }} as table_name,
        count(*) as landed_rows,
        max({{ loaded_at(landed) }}) as newest_at
    from {{ landed.relation }}
    {%- endfor %}

),

reads as (

    {{ no_rows(landed_read_columns()) }}
    {%- for read in report.reads %}
    union all
    select
        {{ text_literal(read.vendor) }} as source_vendor,
        {{ text_literal(read.domain) if read.domain else 'null' }} as domain,
        {{ text_literal(read.entity) if read.entity else 'null' }} as entity,
        {{ text_literal(read.table) }} as table_name,
        {{ read.alternatives or 'null' }} as alternatives,
        {{ text_literal(read.near_name) if read.near_name else 'null' }} as near_name
    {%- endfor %}

)

select
    reads.source_vendor,
    reads.domain,
    reads.entity,
    reads.table_name,
    reads.alternatives,
    reads.near_name,
    sizes.table_name is not null as is_found,
    sizes.landed_rows,
    sizes.newest_at
from reads
left join sizes on reads.source_vendor = sizes.source_vendor and reads.table_name = sizes.table_name
{%- else %}
select 1 as parsed
{%- endif %}
