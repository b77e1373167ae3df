-- Grain: one row per answered question (matrix row, loop) of a session. What is a metric is
-- policy and decided after staging; what people wrote goes by stg_qualtrics__verbatims. Answers go with a session that was deleted;
-- one whose session never landed stays and has no survey. Surveys, questions and choices that were deleted still say what was asked.
{{ config(enabled=is_listed('survey', 'qualtrics')) }}
{%- set session = landed('qualtrics', 'survey_response') %}
{%- set answer = landed('qualtrics', 'question_response') %}
{%- set question = landed('qualtrics', 'question') %}
{%- set option = landed('qualtrics', 'question_option') %}
{%- set embedded = landed('qualtrics', 'survey_embedded_data') %}
{%- set survey = landed('qualtrics', 'survey') %}
{%- set account_names = ['accountid', 'sfdcaccountid', 'salesforceaccountid', 'crmaccountid'] %}
{#- the status code is a sum of flags: 1 preview, 2 test, 4 imported, 8 spam, 16 offline #}
{%- set test_codes = [] %}
{%- for code in range(1, 32) if code % 2 or code // 2 % 2 or code // 8 % 2 %}{% do test_codes.append("'" ~ code ~ "'") %}{% endfor %}

with sessions as (

    select
        {{ field(session, 'id', required=true) }} as survey_response_id,
        {{ field(session, 'survey_id') }} as survey_id,
        coalesce(
            {{ field(session, 'end_date', 'timestamp') }},
            {{ field(session, 'recorded_date', 'timestamp') }}
        ) as responded_at,
        {{ fold_case(field(session, ['recipient_email', 'participant_email'])) }} as respondent_email,
        {{ field(session, 'external_reference') }} as external_contact_ref,
        {{ fold_case(field(session, 'distribution_channel')) }} as distribution_channel,
        {{ fold_case(field(session, 'status')) }} as session_status,
        {{ is_deleted(session) }} as is_deleted,
        {{ parse_errors(session, names={'end_date': 'responded_at'}) }} as parse_errors
    from {{ landed_from(session, newest=true) }}
    where
        {{ live_rows(session, keep_deleted=true) }}

),

-- loop and matrix rows are questions of their own; the NPS group is derived, not an answer
answers as (

    select
        {{ field(answer, 'response_id', required=true) }} as survey_response_id,
        {{ field(answer, 'question_id', required=true) }} as base_question_id,
        {{ qualtrics_question_id(answer) }} as question_id,
        {{ field(answer, 'question_option_key') }} as option_key,
        {{ field(answer, 'value', 'score') }} as answer_value,
        {{ loaded_at(answer) }} as loaded_at,
        {{ parse_errors(answer, names={'value': 'raw_score'}) }} as parse_errors
    from {{ landed_from(answer) }}
    where
        {{ live_rows(answer) }}
        and coalesce({{ field(answer, 'question_id') }}, '') not like '%NPS_GROUP%'

),

questions as (

    select
        {{ field(question, 'survey_id') }} as survey_id,
        {{ field(question, 'id', required=true) }} as base_question_id,
        max(case when {{ upper_code(field(question, 'selector')) }} = 'NPS' then 'nps' end) as detected_metric
    from {{ landed_from(question, newest=true) }}
    where
        {{ live_rows(question, keep_deleted=true) }}
    group by 1, 2

),

-- an option's code, not its key or label, is the score
options as (

    select
        {{ field(option, 'survey_id') }} as survey_id,
        {{ field(option, 'question_id', required=true) }} as base_question_id,
        {{ field(option, 'key', required=true) }} as option_key,
        max({{ field(option, 'recode_value', 'double precision') }}) as option_value
    from {{ landed_from(option, newest=true) }}
    where
        {{ live_rows(option, keep_deleted=true) }}
    group by 1, 2, 3

),

-- employee programmes are never read as customer NPS
surveys as (

    select
        {{ field(survey, 'id', required=true) }} as survey_id,
        max(case when {{ upper_code(field(survey, 'project_category')) }} = 'EX' then 1 else 0 end) as is_employee_programme
    from {{ landed_from(survey, newest=true) }}
    where
        {{ live_rows(survey, keep_deleted=true) }}
    group by 1

),

embedded_pairs as (

    select
        {{ field(embedded, 'response_id', required=true) }} as survey_response_id,
        {{ replace_pattern(fold_case(field(embedded, 'key', required=true)), '[ _-]', '') }} as field_name,
        {{ field(embedded, 'value') }} as field_value,
        {{ loaded_at(embedded) }} as loaded_at
    from {{ landed_from(embedded, newest=true) }}
    where
        {{ live_rows(embedded) }}

),

-- two spellings of one name are copies of it
newest_pairs as (

    select
        survey_response_id,
        field_name,
        field_value,
        row_number() over (
            partition by survey_response_id, field_name order by loaded_at desc nulls last, field_value desc nulls last
        ) as copy_number
    from embedded_pairs
    where field_value is not null

),

-- of several names of one thing the first here counts; a key of an account that is no account's gives way to the next
embedded_data as (

    select
        survey_response_id,
        {{ qualtrics_embedded_value(account_names) }} as account_ref,
        {{ qualtrics_other_values(account_names) }} as other_account_ref,
        {{ qualtrics_embedded_value(['contactid', 'sfdccontactid', 'salesforcecontactid', 'crmcontactid']) }} as crm_contact_ref,
        {{ qualtrics_embedded_value(['employeeid', 'uniqueidentifier']) }} as employee_ref,
        {{ qualtrics_embedded_value(['agentid', 'assigneeid']) }} as agent_ref,
        {{ qualtrics_embedded_value(['teamid', 'team', 'groupid']) }} as team_ref,
        {{ qualtrics_embedded_value(['ticketid', 'caseid']) }} as ticket_ref
    from newest_pairs
    where copy_number = 1
    group by 1

),

named_answers as (

    select
        *,
        {{ dbt.split_part('base_question_id', "'#'", 1) }} as question_key
    from answers

)

select
    named_answers.survey_response_id || ':' || named_answers.question_id as response_id,
    named_answers.survey_response_id,
    sessions.survey_id,
    {{ 'surveys.survey_id is not null or sessions.survey_id is null' if survey.exists else 'true' }} as is_survey_known,
    named_answers.question_id,
    case when coalesce(surveys.is_employee_programme, 0) = 0 then questions.detected_metric end as detected_metric,
    cast(null as {{ sql_type('string') }}) as metric,
    case when surveys.is_employee_programme = 1 then 'employee' end as survey_family,
    cast(null as {{ sql_type('string') }}) as touchpoint,
    coalesce(named_answers.answer_value, options.option_value) as raw_score,
    cast(null as {{ sql_type('double precision') }}) as scale_min,
    cast(null as {{ sql_type('double precision') }}) as scale_max,
    cast(null as {{ sql_type('boolean') }}) as higher_is_better,
    cast(null as {{ sql_type('double precision') }}) as top_box_from,
    sessions.responded_at,
    embedded_data.crm_contact_ref,
    sessions.external_contact_ref,
    sessions.respondent_email,
    embedded_data.employee_ref,
    embedded_data.account_ref,
    embedded_data.other_account_ref,
    cast(null as {{ sql_type('string') }}) as invitation_ref,
    embedded_data.agent_ref,
    embedded_data.team_ref,
    embedded_data.ticket_ref,
    coalesce(
        sessions.distribution_channel in ('preview', 'test')
        or sessions.session_status like '%preview%'
        or sessions.session_status like '%test%'
        or sessions.session_status like '%spam%'
        or sessions.session_status in ({{ test_codes | join(', ') }}),
        false
    ) as is_test,
    named_answers.loaded_at,
    {{ comma_list(['sessions.parse_errors', 'named_answers.parse_errors']) }} as parse_errors
from named_answers
left join sessions on named_answers.survey_response_id = sessions.survey_response_id
left join questions
    on sessions.survey_id = questions.survey_id and named_answers.question_key = questions.base_question_id
left join options
    on
        sessions.survey_id = options.survey_id
        and named_answers.question_key = options.base_question_id
        and named_answers.option_key = options.option_key
left join surveys on sessions.survey_id = surveys.survey_id
left join embedded_data on named_answers.survey_response_id = embedded_data.survey_response_id
where sessions.is_deleted is not true
