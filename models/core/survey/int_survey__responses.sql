-- Grain: one row per sound, scored answer of a customer. Employees' answers are in the schema restricted.
with answers as (

    select *
    from {{ ref('int_survey__responses_checked') }}
    where is_scored and quarantine_reason is null and {{ is_of_customers('survey_family') }}

),

accounts as (

    select * from {{ ref('int_crm__accounts') }}

),

account_versions as (

    select * from {{ ref('int_crm__account_versions_checked') }} where quarantine_reason is null

),

scored as (

    select
        answers.source_vendor,
        answers.response_id,
        answers.survey_response_id,
        answers.survey_id,
        answers.question_id,
        answers.is_named_question,
        answers.invitation_id,
        answers.survey_family,
        answers.metric,
        answers.touchpoint,
        answers.contact_key,
        answers.account_id,
        answers.contact_role,
        answers.role_as_of,
        answers.match_method,
        answers.contact_key is null as is_anonymous,
        {{ as_then('segment', 'account_versions', 'accounts') }} as segment,
        {{ as_then('region', 'account_versions', 'accounts') }} as region,
        answers.raw_score,
        answers.scale_min,
        answers.scale_max,
        answers.higher_is_better,
        answers.top_box_from,
        {{ score_pomp('answers.raw_score', 'answers.scale_min', 'answers.scale_max', 'answers.higher_is_better') }}
            as score_pomp,
        case when answers.metric = 'nps' then {{ nps_class('answers.raw_score') }} end as nps_class,
        case when answers.higher_is_better then answers.raw_score >= answers.top_box_from else answers.raw_score <= answers.top_box_from end
            as is_top_box,
        answers.responded_at,
        {{ reporting_date('answers.responded_at') }} as responded_date,
        answers.agent_id,
        answers.team_id,
        answers.team_as_of,
        answers.ticket_id,
        answers.loaded_at
    from answers
    left join accounts on answers.account_id = accounts.account_id
    left join account_versions
        on
            accounts.account_id = account_versions.account_id
            and {{ valid_at('account_versions', 'answers.responded_at') }}

),

-- what was asked first in a session, by the question's number and not by its text
numbered as (

    select
        *,
        row_number() over (
            partition by
                source_vendor,
                coalesce(survey_response_id, 'answer ' || response_id),
                coalesce(contact_key, ''),
                metric,
                survey_family,
                responded_date
            order by
                case when is_named_question then 1 else 2 end,
                {{ number_order('question_id') | join(',\n                ') }},
                response_id
        ) as session_number
    from scored

)

-- one person has one vote a session: the question that policy names speaks before others, then the one asked first
select
    numbered.*,
    case when numbered.metric = 'nps' and numbered.survey_family = 'relationship' then numbered.session_number = 1 end as is_vote,
    {{ is_low_score('numbered') }} as is_low_score
from numbered
