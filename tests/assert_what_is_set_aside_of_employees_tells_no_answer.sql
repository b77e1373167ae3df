-- Claim: of what employees answered or were asked, and of who they are, quarantined_records holds the key and the reason alone.
{{ config(tags=['k_anonymity']) }}

with employees_rows as (

    select source_vendor, 'responses' as entity, record_id
    from {{ ref('int_survey__responses_checked') }}
    where quarantine_reason is not null and not coalesce({{ is_of_customers('survey_family') }}, false)

    union all

    select source_vendor, 'invitations' as entity, record_id
    from {{ ref('int_survey__invitations_checked') }}
    where quarantine_reason is not null and not is_to_customer

)

select
    quarantined.entity,
    quarantined.record_id
from {{ ref('quarantined_records') }} as quarantined
left join employees_rows
    on
        quarantined.source_vendor = employees_rows.source_vendor
        and quarantined.entity = employees_rows.entity
        and quarantined.record_id = employees_rows.record_id
where quarantined.payload is not null and (employees_rows.record_id is not null or quarantined.entity = 'employees')
