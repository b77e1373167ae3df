-- Grain: one row per kind and value. What the landed tables say today of people on the erasure list, as it stands there, so that staging
-- can leave it out without knowing the salt. It is never more than they say: when they are rid of it, only ids of business records
-- that stay are left here. An id that several people carry is of a kind of its own: it names its own record and nobody who carries it.
{{ config(materialized='table') }}
{%- set erasure_list, shared_values = ref('int_privacy__erasure_list'), ref('int_privacy__shared_values') %}

{% if holds_rows(erasure_list) and not var('voc_demo') -%}
with identities as (

    {{ landed_identities() }}

)

select distinct
    case
        when shared_values.person_value is not null and identities.person_kind <> 'email' then {{ kind_of_own('identities.person_kind') }}
        else identities.person_kind
    end as person_kind,
    identities.person_value
from identities
inner join {{ erasure_list }} as erasure_list
    on {{ erased_hash('identities.person_value') }} = erasure_list.person_hash
    and erasure_list.person_kind in (identities.person_kind, {{ kind_of_own('identities.person_kind') }})
left join {{ shared_values }} as shared_values
    on identities.person_kind = shared_values.person_kind and identities.person_value = shared_values.person_value
{%- else -%}
{{ no_rows(model.columns.values()) }}
{%- endif %}
