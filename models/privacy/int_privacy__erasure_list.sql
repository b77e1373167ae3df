-- Grain: one row per kind and hash of what names somebody who asked to be forgotten: what was asked for, and every id, mail and record
-- that the landed tables tie to it. Remembered for good and kept by --full-refresh, so that what is landed again stays out.
{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false) }}
{%- set shared_values, links = ref('int_privacy__shared_values'), ref('int_privacy__links') %}
{%- set requests = landed_table('privacy', 'erasure_requests', in_demo=false) %}
{%- if is_incremental() %}{% do check_salt_of(this) %}{% endif %}

{% if holds_rows(requests.relation) or (is_incremental() and holds_rows(this)) -%}
with recursive shared_values as (

    select
        person_kind,
        {{ erased_hash('person_value') }} as person_hash
    from {{ shared_values }}

),

{{ reach_of_requests(requests, this if is_incremental() else none, links) }},

listed as (

    select
        case
            when shared_values.person_hash is not null and reached.person_kind <> 'email' then {{ kind_of_own('reached.person_kind') }}
            else reached.person_kind
        end as person_kind,
        reached.person_hash
    from reached
    left join shared_values on reached.person_kind = shared_values.person_kind and reached.person_hash = shared_values.person_hash

    union distinct

    select
        {{ kind_of_shared('stopped.person_kind') }} as person_kind,
        stopped.person_hash
    from stopped

    union distinct

    select
        {{ kind_of_shared('reached.person_kind') }} as person_kind,
        reached.person_hash
    from reached
    inner join shared_values on reached.person_kind = shared_values.person_kind and reached.person_hash = shared_values.person_hash

)

select
    listed.person_kind,
    listed.person_hash,
    {{ as_of_date_sql() }} as erased_on,
    {{ salt_check() }} as salt_check
from listed
{% if is_incremental() -%}
left join {{ this }} as remembered
    on listed.person_kind = remembered.person_kind and listed.person_hash = remembered.person_hash
where remembered.person_hash is null
{%- endif %}
{%- else -%}
{{ no_rows(model.columns.values()) }}
{%- endif %}
