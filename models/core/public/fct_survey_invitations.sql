-- What customers were asked. An invitation of which nothing says that it went to a customer is in the schema restricted.
with invitations as (

    select * from {{ ref('int_survey__invitations_checked') }} where quarantine_reason is null and is_to_customer

),

-- the first sound answer an invitation led to; NPS before the other questions of its session
answers as (

    select
        invitation_id,
        response_id,
        responded_at,
        ticket_id,
        agent_id,
        team_id,
        row_number() over (
            partition by invitation_id
            order by responded_at, case metric when 'nps' then 1 else 2 end, {{ byte_order('response_id') }}
        ) as answer_number
    from {{ ref('int_survey__responses') }}
    where invitation_id is not null

)

select
    invitations.invitation_id,
    invitations.contact_key,
    invitations.account_id,
    answers.response_id,
    coalesce(invitations.agent_ref, answers.agent_id, invitations.agent_id) as agent_id,
    coalesce(case when invitations.team_ref is not null then invitations.team_id end, answers.team_id, invitations.team_id) as team_id,
    coalesce(invitations.ticket_ref, answers.ticket_id) as ticket_id,
    invitations.survey_id,
    invitations.purpose_family as survey_family,
    invitations.purpose_touchpoint as touchpoint,
    invitations.source_vendor,
    invitations.is_delivered,
    invitations.sent_at,
    coalesce(answers.responded_at, invitations.responded_at) as responded_at
from invitations
left join answers on invitations.invitation_id = answers.invitation_id and answers.answer_number = 1
