-- Grain: one row per kind and value that more people carry than `erasure_max_people`, where somebody asked to be forgotten. Such a
-- value says of nobody who they are: "N/A", the key of a company, a mailbox of many. Who a record is says its first mail other than
-- the value; all records with a mail of the value's own record are that one person; a person without any mail counts where the
-- value has no record. What the list noted as shared stays so, though fewer carry it when some are erased.
{{ config(materialized='table') }}
{%- set erasure_list = found_relation(relation_of(own_model('int_privacy__erasure_list'))) if execute %}
{%- set carriers = landed_carriers() if somebody_asked() else '' %}

{% if carriers | trim -%}
with carriers as (

    {{ carriers }}

),

mails as (

    select
        record_kind,
        record_value,
        person_value as mail
    from carriers
    where person_kind = 'email'

    union distinct

    select
        record_kind,
        record_value,
        record_value as mail
    from carriers
    where record_kind = 'email'

),

own_records as (

    select distinct
        person_kind,
        person_value
    from carriers
    where is_own = 1

),

people as (

    select
        carriers.person_kind,
        carriers.person_value,
        carriers.record_kind,
        carriers.record_value,
        max(carriers.is_person) as is_person,
        max(case when own_records.person_value is not null then 1 else 0 end) as has_record,
        max(case
            when carriers.record_kind = carriers.person_kind and carriers.record_value = carriers.person_value then 1
            when own_mails.mail is not null then 1
            else 0
        end) as is_the_record,
        min(case when mails.mail <> carriers.person_value then mails.mail end) as other_mail
    from carriers
    left join mails on carriers.record_kind = mails.record_kind and carriers.record_value = mails.record_value
    left join mails as own_mails
        on carriers.person_kind = own_mails.record_kind and carriers.person_value = own_mails.record_value and mails.mail = own_mails.mail
    left join own_records on carriers.person_kind = own_records.person_kind and carriers.person_value = own_records.person_value
    group by carriers.person_kind, carriers.person_value, carriers.record_kind, carriers.record_value

),

counted as (

    select
        person_kind,
        person_value,
        count(distinct case
            when is_the_record = 1 then person_value
            when other_mail is not null then other_mail
            when person_kind = 'email' then person_value
            when is_person = 1 and has_record = 0 then record_kind || ' ' || record_value
        end) as people
    from people
    group by person_kind, person_value

)

select
    counted.person_kind,
    counted.person_value,
    counted.people
from counted
{%- if holds_rows(erasure_list) %}
left join {{ erasure_list }} as noted
    on {{ erased_hash('counted.person_value') }} = noted.person_hash and {{ kind_of_shared('counted.person_kind') }} = noted.person_kind
where counted.people > {{ var('erasure_max_people') }} or noted.person_hash is not null
{%- else %}
where counted.people > {{ var('erasure_max_people') }}
{%- endif %}
{%- else -%}
{{ no_rows(model.columns.values()) }}
{%- endif %}
