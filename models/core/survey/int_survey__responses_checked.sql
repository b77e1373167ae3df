-- Grain: one row per landed answer. Scored answers (metric is not null) are sound or have a
-- quarantine_reason; answers to other questions have neither and go no further.
{{ config(materialized='table') }}

{%- set comes_last = 'case when is_test or ' ~ is_after_as_of('responded_at') ~ ' then 1 else 0 end' %}
{%- set is_answer = 'metric is not null and raw_score is not null and response_id is not null and copy_number = 1' %}
{%- set scored_metrics = "'nps relationship', 'csat transactional', 'ces transactional', 'engagement employee'" %}
{#- the first key counts, unless it is no account's or that of two; then the next -#}
{%- set key_tables = ['account_keys'] %}
{%- for number in range(1, other_account_keys() + 1) %}{% do key_tables.append('other_keys_' ~ number) %}{% endfor %}
{%- set named_account = 'coalesce(' ~ key_tables | join('.account_id, ') ~ '.account_id)' %}

with answers as (

    select
        *,
        {{ copy_number('response_id', [
            comes_last, 'responded_at desc nulls last', 'loaded_at desc nulls last', 'source_vendor', 'raw_score', 'account_ref', 'other_account_ref',
            'survey_response_id', 'survey_id', 'is_survey_known', 'question_id', 'metric', 'survey_family', 'touchpoint', 'scale_min', 'scale_max', 'higher_is_better',
            'top_box_from', 'crm_contact_ref', 'external_contact_ref', 'email_key', 'employee_ref', 'invitation_ref', 'agent_ref', 'team_ref',
            'ticket_ref', 'is_test',
        ]) }} as copy_number
    from {{ ref('int_survey__questions_answered') }}

),

-- a question is answered once in a session, whatever ids its answers have
numbered as (

    select
        *,
        {{ is_answer }} and row_number() over (
            partition by
                source_vendor,
                coalesce(survey_response_id, 'answer ' || response_id),
                survey_id,
                coalesce(question_id, 'answer ' || response_id),
                case when {{ is_answer }} then 1 else 0 end
            order by
                {{ comes_last }},
                responded_at desc nulls last,
                loaded_at desc nulls last,
                raw_score,
                response_id
        ) > 1 as is_answered_again
    from answers

),

-- an answer names its invitation, or the invitation names its answer
invitations as (

    select
        invitation_id,
        response_ref,
        crm_contact_ref,
        external_contact_ref,
        email_key,
        account_ref,
        sent_at,
        row_number() over (partition by response_ref order by sent_at nulls last, invitation_id) as send_number
    from {{ ref('int_survey__invitations_checked') }}
    where quarantine_reason is null

),

invited_answers as (

    select
        answers.source_vendor,
        answers.response_id,
        answers.survey_response_id,
        answers.survey_id,
        answers.is_survey_known,
        answers.question_id,
        answers.is_named_question,
        answers.metric,
        case when employee_sessions.session_id is null then answers.survey_family else 'employee' end as survey_family,
        answers.is_of_employees,
        answers.touchpoint,
        answers.raw_score,
        answers.scale_min,
        answers.scale_max,
        answers.higher_is_better,
        answers.top_box_from,
        answers.responded_at,
        answers.employee_ref,
        answers.agent_ref,
        answers.team_ref,
        answers.ticket_ref,
        answers.is_test,
        answers.loaded_at,
        answers.parse_errors,
        answers.copy_number,
        answers.is_answered_again,
        coalesce(named.invitation_id, naming.invitation_id) as invitation_id,
        coalesce(named.sent_at, naming.sent_at) as sent_at,
        coalesce(answers.crm_contact_ref, named.crm_contact_ref, naming.crm_contact_ref) as crm_contact_ref,
        coalesce(answers.external_contact_ref, named.external_contact_ref, naming.external_contact_ref)
            as external_contact_ref,
        answers.other_account_ref,
        coalesce(answers.email_key, named.email_key, naming.email_key) as email_key,
        coalesce(answers.account_ref, named.account_ref, naming.account_ref) as account_ref
    from numbered as answers
    left join {{ ref('int_survey__employee_sessions') }} as employee_sessions
        on
            answers.source_vendor = employee_sessions.source_vendor
            and coalesce(answers.survey_response_id, answers.response_id) = employee_sessions.session_id
    left join invitations as named on answers.invitation_ref = named.invitation_id
    left join invitations as naming
        on answers.survey_response_id = naming.response_ref and naming.send_number = 1

),

matched as (

    select
        invited_answers.*,
        {{ matched_contact('contact_id') }} as contact_id,
        {{ matched_contact_key('invited_answers') }} as contact_key,
        {{ match_method('invited_answers') }} as match_method
    from invited_answers
    {{ match_contact_joins('invited_answers') }}

),

account_keys as (

    select * from {{ ref('int_crm__account_keys') }}

),

deleted_tickets as (

    select distinct ticket_id from {{ ref('int_support__tickets_checked') }} where copy_number = 1 and is_deleted

),

resolved as (

    select
        matched.*,
        coalesce({{ key_tables | join('.account_key, ') }}.account_key) as known_account_key,
        {{ named_account }} as named_account_id,
        coalesce(
            {{ named_account }},
            tickets.account_id,
            case when then_roles.contact_id is not null then then_roles.account_id else current_roles.account_id end
        ) as account_id,
        case when then_roles.contact_id is not null then then_roles.account_id else current_roles.account_id end as role_account_id,
        coalesce(then_roles.contact_role, current_roles.contact_role, 'unknown') as own_role,
        coalesce(then_roles.role_as_of, 'current') as own_role_as_of,
        tickets.ticket_id,
        deleted_tickets.ticket_id is not null as is_of_deleted_ticket,
        {{ rated_agent('matched') }} as agent_id,
        {{ rated_team() }} as team_id,
        {{ rated_team_as_of() }} as team_as_of
    from matched
    left join account_keys on matched.account_ref = account_keys.account_key
    {%- for other_keys in key_tables[1:] %}
    left join account_keys as {{ other_keys }}
        on {{ other_account_key('matched.other_account_ref', loop.index) }} = {{ other_keys }}.account_key
    {%- endfor %}
    {{ contact_role_joins('matched', 'responded_at') }}
    left join deleted_tickets on matched.ticket_ref = deleted_tickets.ticket_id
    {{ ticket_holder_joins('matched', 'responded_at') }}

),

-- who is a contact at several accounts has the role of the account of the answer
roles_there as (

    select
        resolved.response_id,
        resolved.copy_number,
        person_roles.contact_role,
        person_roles.role_as_of,
        row_number() over (
            partition by resolved.response_id, resolved.copy_number
            order by
                case when person_roles.valid_from is null then 2 else 1 end,
                person_roles.precedence,
                case person_roles.contact_role when 'unknown' then 2 else 1 end,
                person_roles.contact_id
        ) as role_number
    from resolved
    inner join {{ ref('int_crm__person_roles') }} as person_roles
        on
            resolved.contact_key = person_roles.contact_key
            and resolved.account_id = person_roles.account_id
            and (person_roles.valid_from is null or {{ valid_at('person_roles', 'resolved.responded_at') }})
    where resolved.account_id <> resolved.role_account_id

),

placed as (

    select
        resolved.*,
        coalesce(roles_there.contact_role, resolved.own_role) as contact_role,
        coalesce(roles_there.role_as_of, resolved.own_role_as_of) as role_as_of
    from resolved
    left join roles_there
        on
            resolved.response_id = roles_there.response_id
            and resolved.copy_number = roles_there.copy_number
            and roles_there.role_number = 1

),

checked as (

    select
        *,
        metric is not null as is_scored,
        {{ quarantine_reason([
            ['missing_key', 'response_id is null'],
            ['unknown_survey', 'metric is null and (survey_id is null or is_survey_known is false)'],
            ['not_scored', 'metric is null'],
            ['test_answer', 'is_test'],
            ['duplicate_key', 'copy_number > 1 or is_answered_again'],
            ['score_not_a_number', "raw_score is null and parse_errors like '%raw_score%'"],
            ['unparseable_value', 'parse_errors is not null'],
            ['missing_score', 'raw_score is null'],
            ['deleted_ticket', 'is_of_deleted_ticket'],
            ['missing_time', 'responded_at is null'],
            ['implausible_time', is_before_plausible('responded_at')],
            ['after_as_of_date', is_after_as_of('responded_at')],
            ['employee_session', "survey_family = 'employee' and metric <> 'engagement' and not is_of_employees"],
            ['unknown_metric', "metric || ' ' || coalesce(survey_family, '') not in (" ~ scored_metrics ~ ")"],
            ['missing_scale', 'scale_min is null or scale_max is null or scale_min >= scale_max'],
            ['missing_top_box', 'top_box_from is null'],
            ['nps_not_0_to_10', "metric = 'nps' and (scale_min <> 0 or scale_max <> 10 or not higher_is_better)"],
            ['score_out_of_scale', "raw_score < scale_min or raw_score > scale_max or (metric = 'nps' and raw_score <> floor(raw_score))"],
            ['impossible_order', 'responded_at < sent_at'],
        ] + account_reasons(
            "case when survey_family <> 'employee' then account_ref end",
            "case when survey_family <> 'employee' then known_account_key end",
            'named_account_id'
        )) }} as first_reason
    from placed

)

select
    *,
    case when first_reason <> 'not_scored' then first_reason end as quarantine_reason,
    {{ record_id('response_id') }} as record_id,
    -- of an employee's answer, or one of nobody knows whom, the key alone
    {{ payload([
        'response_id', 'survey_id', 'question_id', 'metric', 'raw_score', 'responded_at', 'sent_at', 'account_ref', 'parse_errors',
    ], numbers=['raw_score'], when="first_reason <> 'not_scored' and " ~ is_of_customers('survey_family')) }} as payload
from checked
