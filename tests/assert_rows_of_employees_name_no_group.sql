-- Claim: what marts show of an employee's answer or invitation has no team, agent, ticket, department or day by which few people could
-- be told apart, and what is set aside of an answer tells neither its score nor its time.
{{ config(tags=['k_anonymity']) }}

select
    'fct_survey_responses' as mart,
    response_id as record_id
from {{ ref('fct_survey_responses') }}
where
    survey_family = 'employee'
    and (
        coalesce(contact_key, account_id, contact_role, invitation_id, agent_id, team_id, ticket_id) is not null
        or coalesce(department, segment, region) is not null
        or responded_date <> cast({{ dbt.date_trunc('month', 'responded_date') }} as date)
        or responded_at <> cast(responded_date as {{ dbt.type_timestamp() }})
    )

union all

select
    'fct_survey_invitations' as mart,
    invitation_id as record_id
from {{ ref('fct_survey_invitations') }}
where
    survey_family = 'employee'
    and (
        coalesce(contact_key, account_id, response_id, agent_id, team_id, ticket_id) is not null
        or responded_at is not null
        or sent_at <> {{ dbt.date_trunc('month', 'sent_at') }}
    )

union all

select
    'quarantined_records' as mart,
    quarantined.record_id
from {{ ref('quarantined_records') }} as quarantined
inner join {{ ref('int_survey__responses_checked') }} as answers
    on quarantined.source_vendor = answers.source_vendor and quarantined.record_id = answers.record_id
where
    quarantined.source_name = 'survey'
    and quarantined.entity = 'responses'
    and answers.survey_family = 'employee'
    and (quarantined.payload like '%"raw_score"%' or quarantined.payload like '%"responded_at"%')
