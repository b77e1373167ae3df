-- Grain: one row per kind and hash of what names somebody who asked to be forgotten: what was asked for, and every id, mail and record
-- that the landed tables tie to it. Remembered for good and kept by --full-refresh, so that what is landed again stays out.
{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false) }}
{%- set requests = landed_table('privacy', 'erasure_requests', in_demo=false) %}
{%- if is_incremental() %}{% do check_salt_of(this) %}{% endif %}

{% if holds_rows(requests.relation) or (is_incremental() and holds_rows(this)) -%}
with recursive identities as (

    {{ landed_identities() }}

),

links as (

    {{ landed_links() }}

),

known as (
    {% if requests.exists %}
    select
        'email' as person_kind,
        {{ identity_value(field(requests, 'email')) }} as person_value
    from {{ requests.relation }}

    union distinct
    {% for kind in person_kinds() %}
    select
        case when {{ field(requests, 'contact_id') }} like '%@%' then 'email' else '{{ kind }}' end as person_kind,
        {{ identity_value(field(requests, 'contact_id')) }} as person_value
    from {{ requests.relation }}
    {{ 'union distinct' if not loop.last or is_incremental() }}
    {% endfor -%}
    {% endif %}
    {%- if is_incremental() %}
    select
        identities.person_kind,
        identities.person_value
    from identities
    inner join {{ this }} as remembered
        on identities.person_kind = remembered.person_kind and {{ erased_hash('identities.person_value') }} = remembered.person_hash
    {%- endif %}

),

{{ reached('known', 'links') }},

hashed as (

    select distinct
        person_kind,
        {{ erased_hash('person_value') }} as person_hash
    from reached

)

select
    hashed.person_kind,
    hashed.person_hash,
    {{ as_of_date_sql() }} as erased_on,
    {{ salt_check() }} as salt_check
from hashed
{% if is_incremental() -%}
left join {{ this }} as remembered
    on hashed.person_kind = remembered.person_kind and hashed.person_hash = remembered.person_hash
where remembered.person_hash is null
{%- endif %}
{%- else -%}
{{ no_rows(model.columns.values()) }}
{%- endif %}
