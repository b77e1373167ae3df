-- Grain: one row per case that was followed up: its first contact after the answer, with the person who answered or with
-- the account where the contact names nobody. A contact at the very moment of the answer does not come after it.
{{ config(materialized='table') }}

with cases as (

    select * from {{ ref('int_closed_loop__answers') }}

),

contacts as (

    select * from {{ ref('int_closed_loop__contacts') }}

),

found as (

    select
        cases.case_id,
        contacts.reached_at,
        contacts.evidence_type,
        contacts.evidence_id
    from cases
    inner join contacts on cases.contact_key = contacts.contact_key and cases.opened_at < contacts.reached_at

    union all

    select
        cases.case_id,
        contacts.reached_at,
        contacts.evidence_type,
        contacts.evidence_id
    from cases
    inner join contacts
        on
            contacts.contact_key is null
            and cases.account_id = contacts.account_id
            and cases.opened_at < contacts.reached_at
    where cases.contact_key is not null

),

numbered as (

    select
        *,
        row_number() over (
            partition by case_id order by reached_at, {{ byte_order('evidence_type') }}, {{ byte_order('evidence_id') }}
        ) as nth_contact
    from found

)

select
    case_id,
    reached_at as first_follow_up_at,
    evidence_type as follow_up_type,
    evidence_id as follow_up_id
from numbered
where nth_contact = 1
