-- Grain: one row per value and another that a landed row says is the same person's. As keyed hashes, for nothing here is read but whether
-- two values are the same: the plain ones stay where they landed. A value that several people carry ties nobody, but for an id in the rows
-- that it is the key of.
{{ config(materialized='table') }}
{%- set shared_values = ref('int_privacy__shared_values') %}
{%- set links = landed_links() if somebody_asked() else '' %}

{% if links | trim -%}
with links as (

    {{ links }}

)

select
    links.person_kind,
    {{ erased_hash('links.person_value') }} as person_hash,
    links.other_kind,
    {{ erased_hash('links.other_value') }} as other_hash,
    max(shared_others.person_value) is not null as is_other_shared,
    max(case
        when shared_persons.person_value is not null and (links.person_kind = 'email' or not links.person_is_own) then 0
        when shared_others.person_value is not null and (links.other_kind = 'email' or not links.other_is_own) then 0
        else 1
    end) = 1 as ties
from links
left join {{ shared_values }} as shared_persons
    on links.person_kind = shared_persons.person_kind and links.person_value = shared_persons.person_value
left join {{ shared_values }} as shared_others
    on links.other_kind = shared_others.person_kind and links.other_value = shared_others.person_value
group by links.person_kind, links.person_value, links.other_kind, links.other_value
{%- else -%}
{{ no_rows(model.columns.values()) }}
{%- endif %}
