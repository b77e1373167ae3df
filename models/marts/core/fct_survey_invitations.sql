-- What employees were sent shows that it was sent and in which month: a batch sent to one team would name the team of every answer.
with invitations as (

    select
        *,
        coalesce(purpose_family, '') = 'employee' as is_to_employee
    from {{ ref('int_survey__invitations_checked') }}
    where quarantine_reason is null

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
    case when not invitations.is_to_employee then invitations.contact_key end as contact_key,
    case when not invitations.is_to_employee then invitations.account_id end as account_id,
    case when not invitations.is_to_employee then answers.response_id end as response_id,
    case when not invitations.is_to_employee then coalesce(invitations.agent_ref, answers.agent_id, invitations.agent_id) end as agent_id,
    case
        when not invitations.is_to_employee
            then coalesce(case when invitations.team_ref is not null then invitations.team_id end, answers.team_id, invitations.team_id)
    end as team_id,
    case when not invitations.is_to_employee then coalesce(invitations.ticket_ref, answers.ticket_id) end as ticket_id,
    invitations.survey_id,
    invitations.purpose_family as survey_family,
    invitations.purpose_touchpoint as touchpoint,
    invitations.source_vendor,
    invitations.is_delivered,
    case
        when invitations.is_to_employee
            then cast({{ dbt.date_trunc('month', reporting_date('invitations.sent_at')) }} as {{ dbt.type_timestamp() }})
        else invitations.sent_at
    end as sent_at,
    case when not invitations.is_to_employee then coalesce(answers.responded_at, invitations.responded_at) end as responded_at
from invitations
left join answers on invitations.invitation_id = answers.invitation_id and answers.answer_number = 1
