-- Grain: one row per person and day on which a survey with the relationship NPS question reached the
-- person. Like a vote, an ask counts from its day (counts_from) until the next one or until the
-- window has passed over it (counts_until, exclusive), so at most one counts at a period end.
-- The account and role are those of that day. Of several asks of a day the last one speaks.
{{ config(materialized='table') }}

with nps_surveys as (

    select
        source_vendor,
        survey_id
    from {{ ref('int_survey__surveys') }}
    where asks_nps

),

-- a vendor that does not say whether an invitation arrived has delivered it
invitations as (

    select
        invitations.invitation_id,
        invitations.contact_key,
        invitations.contact_id,
        invitations.account_ref,
        invitations.account_id,
        invitations.sent_at,
        {{ reporting_date('invitations.sent_at') }} as asked_on
    from {{ ref('int_survey__invitations_checked') }} as invitations
    left join nps_surveys
        on invitations.source_vendor = nps_surveys.source_vendor and invitations.survey_id = nps_surveys.survey_id
    where
        invitations.quarantine_reason is null
        and invitations.contact_key is not null
        and coalesce(invitations.is_delivered, true)
        and invitations.is_to_customer
        and (invitations.purpose_family = 'relationship' or nps_surveys.survey_id is not null)

),

days as (

    select
        *,
        row_number() over (
            partition by contact_key, asked_on order by sent_at desc, invitation_id
        ) as ask_number
    from invitations

),

asks as (

    select
        days.contact_key,
        case
            when days.account_ref is null and then_roles.contact_id is not null then then_roles.account_id
            else days.account_id
        end as account_id,
        coalesce(then_roles.contact_role, current_roles.contact_role, 'unknown') as contact_role,
        days.asked_on,
        {{ add_days('days.asked_on', whole_number('nps_window_days')) }} as lapses_on,
        lead(days.asked_on) over (partition by days.contact_key order by days.asked_on) as next_asked_on
    from days
    {{ contact_role_joins('days', 'sent_at') }}
    where days.ask_number = 1

)

select
    contact_key,
    account_id,
    contact_role,
    asked_on as counts_from,
    case when next_asked_on < lapses_on then next_asked_on else lapses_on end as counts_until
from asks
