-- Grain: one row per person and invite. Reminders repeat their parent invite and are folded
-- into it; test sends and thank-you mails invite nobody. SMS sends land in tables of their own. A send that was deleted
-- still says what it was, and who was taken out of the directory was asked all the same.
{{ config(enabled=is_listed('survey', 'qualtrics')) }}
{%- set distribution = landed('qualtrics', 'distribution') %}
{%- set distribution_contact = landed('qualtrics', 'distribution_contact') %}
{%- set sms = landed('qualtrics', 'sms_distribution', in_demo=false) %}
{%- set sms_contact = landed('qualtrics', 'sms_distribution_contact', in_demo=false) %}
{%- set directory_contact = landed('qualtrics', 'directory_contact') %}
{%- set core_contact = landed('qualtrics', 'core_contact', in_demo=false) %}
{%- set undelivered = "'failure', 'error', 'blocked', 'skipped', 'softbounce', 'hardbounce', 'pending'" %}

with
{%- for sends, name in [(distribution, 'mail_sends'), (sms, 'sms_sends')] %}
{{ name }} as (

    select
        {{ field(sends, 'id', required=true) }} as distribution_id,
        {{ field(sends, ['survey_link_survey_id', 'survey_id']) }} as survey_id,
        {{ field(sends, 'send_date', 'timestamp') }} as sent_at,
        {{ fold_case("coalesce(" ~ field(sends, 'request_type') ~ ", 'invite')") }} as request_type,
        coalesce({{ field(sends, 'parent_distribution_id') }}, {{ field(sends, 'id') }}) as invite_id
    from {{ landed_from(sends, newest=true) }}
    where
        {{ live_rows(sends, keep_deleted=true) }}

),
{%- endfor %}
{%- for recipients, name in [(distribution_contact, 'mail_recipients'), (sms_contact, 'sms_recipients')] %}

{{ name }} as (

    select
        {{ field(recipients, 'distribution_id', required=true) }} as distribution_id,
        {{ field(recipients, 'contact_id') }} as contact_id,
        coalesce({{ field(recipients, 'contact_lookup_id') }}, {{ field(recipients, 'contact_id') }}) as recipient_id,
        {{ field(recipients, 'sent_at', 'timestamp') }} as sent_at,
        {{ field(recipients, 'response_completed_at', 'timestamp') }} as responded_at,
        {{ field(recipients, 'response_id') }} as response_ref,
        coalesce({{ fold_case(field(recipients, 'status')) }}, '') not in ({{ undelivered }}) as is_delivered,
        {{ loaded_at(recipients) }} as loaded_at,
        {{ parse_errors(recipients) }} as parse_errors
    from {{ landed_from(recipients) }}
    where
        {{ live_rows(recipients) }}

),
{%- endfor %}

all_sends as (

    select * from mail_sends
    union all
    select * from sms_sends

),

sends as (

    select
        distribution_id,
        max(survey_id) as survey_id,
        min(sent_at) as sent_at,
        max(request_type) as request_type,
        max(invite_id) as invite_id
    from all_sends
    group by distribution_id

),

all_recipients as (

    select * from mail_recipients
    union all
    select * from sms_recipients

),

-- nobody can tell whether two recipients without a key are the same one
recipients as (

    select
        *,
        case
            when recipient_id is null
                then row_number() over (
                    partition by recipient_id order by distribution_id nulls last, sent_at nulls last, loaded_at nulls last
                )
        end as unnamed_number
    from all_recipients

),

landed_contacts as (

    select
        {{ field(directory_contact, 'id', required=true) }} as contact_id,
        {{ fold_case(field(directory_contact, 'email')) }} as email,
        {{ field(directory_contact, 'ext_ref') }} as external_ref
    from {{ landed_from(directory_contact, newest=true) }}
    where
        {{ live_rows(directory_contact, keep_deleted=true) }}

    union all

    select
        {{ field(core_contact, 'id', required=true) }} as contact_id,
        {{ fold_case(field(core_contact, 'email')) }} as email,
        {{ field(core_contact, 'external_data_reference') }} as external_ref
    from {{ landed_from(core_contact, newest=true) }}
    where
        {{ live_rows(core_contact, keep_deleted=true) }}

),

directory_contacts as (

    select
        contact_id,
        max(email) as email,
        max(external_ref) as external_ref
    from landed_contacts
    group by contact_id

),

invitations as (

    select
        coalesce(sends.invite_id, recipients.distribution_id) as invite_id,
        recipients.recipient_id,
        max(recipients.contact_id) as contact_id,
        max(sends.survey_id) as survey_id,
        min(coalesce(recipients.sent_at, sends.sent_at)) as sent_at,
        {{ dbt.bool_or('recipients.is_delivered') }} as is_delivered,
        min(recipients.responded_at) as responded_at,
        max(recipients.response_ref) as response_ref,
        max(recipients.loaded_at) as loaded_at,
        max(recipients.parse_errors) as parse_errors
    from recipients
    left join sends on recipients.distribution_id = sends.distribution_id
    where coalesce(sends.request_type, 'invite') not in ('testemail', 'thankyou')
    group by 1, 2, recipients.unnamed_number

)

select
    invitations.invite_id || ':' || invitations.recipient_id as invitation_id,
    invitations.survey_id,
    cast(null as {{ sql_type('string') }}) as survey_family,
    cast(null as {{ sql_type('string') }}) as touchpoint,
    cast(null as {{ sql_type('string') }}) as crm_contact_ref,
    directory_contacts.external_ref as external_contact_ref,
    directory_contacts.email as respondent_email,
    cast(null as {{ sql_type('string') }}) as account_ref,
    invitations.sent_at,
    invitations.is_delivered,
    invitations.responded_at,
    invitations.response_ref,
    cast(null as {{ sql_type('string') }}) as agent_ref,
    cast(null as {{ sql_type('string') }}) as team_ref,
    cast(null as {{ sql_type('string') }}) as ticket_ref,
    invitations.loaded_at,
    invitations.parse_errors
from invitations
left join directory_contacts on invitations.contact_id = directory_contacts.contact_id
