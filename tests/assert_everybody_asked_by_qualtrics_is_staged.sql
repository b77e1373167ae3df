{{ config(enabled=is_listed('survey', 'qualtrics')) }}
-- Claim: every landed recipient of an invite or a reminder is in the invitation of that person, and
-- one that nobody can name is an invitation of its own. Test sends and thank-you mails invite nobody.
{%- set sends = [landed('qualtrics', 'distribution'), landed('qualtrics', 'sms_distribution', in_demo=false)] %}
{%- set contacts = [landed('qualtrics', 'distribution_contact'), landed('qualtrics', 'sms_distribution_contact', in_demo=false)] %}

with invites as (
    {% for send in sends %}
    {{ 'union all' if not loop.first }}
    select
        {{ field(send, 'id') }} as distribution_id,
        coalesce({{ field(send, 'parent_distribution_id') }}, {{ field(send, 'id') }}) as invite_id,
        {{ fold_case("coalesce(" ~ field(send, 'request_type') ~ ", 'invite')") }} in ('testemail', 'thankyou') as invites_nobody
    from {{ landed_from(send) }}
    where
        {{ live_rows(send, keep_deleted=true) }}
    {% endfor %}
),

recipients as (
    {% for contact in contacts %}
    {{ 'union all' if not loop.first }}
    select
        {{ field(contact, 'distribution_id') }} as distribution_id,
        coalesce({{ field(contact, 'contact_lookup_id') }}, {{ field(contact, 'contact_id') }}) as recipient_id
    from {{ landed_from(contact) }}
    where
        {{ live_rows(contact) }}
    {% endfor %}
),

distributions as (

    select
        distribution_id,
        max(invite_id) as invite_id,
        {{ dbt.bool_or('invites_nobody') }} as invites_nobody
    from invites
    group by distribution_id

),

people as (

    select
        coalesce(distributions.invite_id, recipients.distribution_id) as invite_id,
        recipients.recipient_id
    from recipients
    left join distributions on recipients.distribution_id = distributions.distribution_id
    where not coalesce(distributions.invites_nobody, false)

),

asked as (

    select
        count(distinct invite_id || ' ' || recipient_id) as named,
        count(*) - count(recipient_id) as unnamed
    from people

),

staged as (

    select
        count(invitation_id) as named,
        count(*) - count(invitation_id) as unnamed
    from {{ ref('stg_qualtrics__survey_invitations') }}

)

select
    asked.named as asked_named,
    staged.named as staged_named,
    asked.unnamed as asked_unnamed,
    staged.unnamed as staged_unnamed
from asked
cross join staged
where asked.named <> staged.named or asked.unnamed <> staged.unnamed
