-- Grain: one row per kind and value. What the landed tables say today of people on the erasure list, as it stands there, so that staging
-- can leave it out without knowing the salt. It is never more than they say: when they are rid of it, only ids of business records
-- that stay are left here.
{{ config(materialized='table') }}
{%- set erasure_list = ref('int_privacy__erasure_list') %}

{% if holds_rows(erasure_list) and not var('voc_demo') -%}
with identities as (

    {{ landed_identities() }}

)

select
    identities.person_kind,
    identities.person_value
from identities
inner join {{ erasure_list }} as erasure_list
    on identities.person_kind = erasure_list.person_kind and {{ erased_hash('identities.person_value') }} = erasure_list.person_hash
{%- else -%}
{{ no_rows(model.columns.values()) }}
{%- endif %}
