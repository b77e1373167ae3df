-- Grain: one row per satisfaction survey about a ticket (and rating question of the newer ones).
-- Where a ticket has a newer survey its old good/bad one is not read; where neither table is
-- landed the score changes of the ticket stand in: each offer begins a survey, its last score counts. An answer to a survey that
-- never landed stands without survey and metric. Newer surveys rate on 2, 3 or 5 points: which, the options of the question say where they
-- landed, else what Zendesk calls good; the top box of an answer is Zendesk's own verdict on it.
{{ config(enabled=is_listed('survey', 'zendesk'), schema='restricted') }}
{%- set ticket = landed('zendesk', 'ticket') %}
{%- set organization = landed('zendesk', 'organization') %}
{%- set user = landed('zendesk', 'user') %}
{%- set rating = landed('zendesk', 'satisfaction_rating') %}
{%- set survey = landed('zendesk', 'ticket_csat_survey', in_demo=false) %}
{%- set answer = landed('zendesk', 'csat_survey_answer', in_demo=false) %}
{%- set option = landed('zendesk', 'csat_survey_rating_option', in_demo=false) %}
{%- set history = landed('zendesk', 'ticket_field_history') %}
{%- set changed_at = ['updated', 'updated_at', 'created_at'] %}

with tickets as (

    select
        {{ field(ticket, 'id', required=true) }} as ticket_id,
        max({{ field(ticket, 'organization_id') }}) as organization_id,
        max({{ field(ticket, 'requester_id') }}) as requester_id,
        max({{ field(ticket, 'assignee_id') }}) as agent_id,
        max({{ field(ticket, 'group_id') }}) as team_id
    from {{ landed_from(ticket, newest=true) }}
    where
        {{ live_rows(ticket, keep_deleted=true) }}
    group by 1

),

organizations as (

    select
        {{ field(organization, 'id', required=true) }} as organization_id,
        max({{ field(organization, 'external_id') }}) as external_id
    from {{ landed_from(organization, newest=true) }}
    where
        {{ live_rows(organization, keep_deleted=true) }}
    group by 1

),

users as (

    select
        {{ field(user, 'id', required=true) }} as user_id,
        max({{ field(user, 'external_id') }}) as external_id,
        max({{ field(user, 'email') }}) as email
    from {{ landed_from(user, newest=true) }}
    where
        {{ live_rows(user, keep_deleted=true) }}
    group by 1

),

csat_surveys as (

    select
        {{ field(survey, 'survey_response_id', required=true) }} as survey_response_id,
        {{ field(survey, 'ticket_id', required=true) }} as ticket_id,
        coalesce({{ field(survey, 'survey_id') }}, 'csat_survey') as survey_id,
        {{ field(survey, 'survey_version') }} as survey_version,
        {{ field(survey, 'responder_id') }} as respondent_id,
        {{ field(survey, ['created_at', 'sent_at'], 'timestamp') }} as sent_at,
        {{ loaded_at(survey) }} as loaded_at,
        {{ is_deleted(survey) }} as is_deleted,
        {{ parse_errors(survey) }} as parse_errors
    from {{ landed_from(survey, newest=true) }}
    where
        {{ live_rows(survey, keep_deleted=true) }}

),

csat_answers as (

    select
        {{ field(answer, 'survey_response_id', required=true) }} as survey_response_id,
        {{ field(answer, 'question_id', required=true) }} as question_id,
        {{ fold_case(field(answer, 'type')) }} as answer_type,
        {{ field(answer, 'rating', 'score') }} as rating,
        {{ fold_case(field(answer, 'rating_category')) }} as verdict,
        {{ field(answer, 'value') }} as answer_text,
        {{ field(answer, 'created_at', 'timestamp') }} as created_at,
        coalesce({{ field(answer, 'updated_at', 'timestamp') }}, {{ field(answer, 'created_at', 'timestamp') }}) as answered_at,
        {{ loaded_at(answer) }} as loaded_at,
        {{ parse_errors(answer, names={'rating': 'raw_score'}) }} as parse_errors
    from {{ landed_from(answer) }}
    where
        {{ live_rows(answer) }}

),

csat_sessions as (

    select
        survey_response_id,
        min(created_at) as first_answered_at,
        max(answered_at) as last_answered_at,
        max(case when answer_type = 'open_ended' then answer_text end) as comment_text
    from csat_answers
    group by 1

),

csat_ratings as (

    select
        *,
        row_number() over (partition by survey_response_id order by question_id) as question_number
    from csat_answers
    where answer_type = 'rating_scale' or (answer_type is null and (rating is not null or parse_errors like '%raw_score%'))

),

rating_options as (

    select
        coalesce({{ field(option, 'survey_id') }}, 'csat_survey') as survey_id,
        coalesce({{ field(option, 'survey_version') }}, '') as survey_version,
        {{ field(option, 'question_id', required=true) }} as question_id,
        min({{ field(option, 'rating', 'score') }}) as lowest_option,
        max({{ field(option, 'rating', 'score') }}) as highest_option
    from {{ landed_from(option) }}
    where
        {{ live_rows(option, keep_deleted=true) }}
    group by 1, 2, 3

),

verdicts as (

    select
        csat_surveys.survey_id,
        coalesce(csat_surveys.survey_version, '') as survey_version,
        csat_ratings.question_id,
        max(csat_ratings.rating) as highest_rating,
        min(case when csat_ratings.verdict = 'good' then csat_ratings.rating end) as lowest_good
    from csat_ratings
    inner join csat_surveys on csat_ratings.survey_response_id = csat_surveys.survey_response_id
    group by 1, 2, 3

),

scales as (

    select
        verdicts.survey_id,
        verdicts.survey_version,
        verdicts.question_id,
        coalesce(rating_options.lowest_option, 1) as scale_min,
        coalesce(
            rating_options.highest_option,
            case when verdicts.lowest_good <= 3 and verdicts.highest_rating <= 3 then verdicts.highest_rating end,
            5
        ) as scale_max,
        verdicts.lowest_good
    from verdicts
    left join rating_options
        on
            verdicts.survey_id = rating_options.survey_id
            and verdicts.survey_version = rating_options.survey_version
            and verdicts.question_id = rating_options.question_id

),

newer_surveys as (

    select
        csat_surveys.survey_response_id as survey_key,
        csat_surveys.survey_id,
        coalesce(csat_ratings.question_id, 'open_ended') as question_id,
        case when csat_ratings.question_id is not null then 'csat' end as metric,
        coalesce(csat_ratings.question_number, 1) as question_number,
        csat_surveys.ticket_id,
        csat_surveys.respondent_id,
        cast(null as {{ sql_type('string') }}) as agent_id,
        cast(null as {{ sql_type('string') }}) as team_id,
        coalesce(csat_surveys.sent_at, csat_sessions.first_answered_at) as sent_at,
        csat_sessions.survey_response_id is not null as is_answered,
        coalesce(csat_ratings.answered_at, csat_sessions.last_answered_at) as responded_at,
        csat_ratings.rating as raw_score,
        coalesce(scales.scale_min, 1) as scale_min,
        coalesce(scales.scale_max, 5) as scale_max,
        case
            when csat_ratings.verdict = 'bad' and csat_ratings.rating >= scales.lowest_good then csat_ratings.rating + 1
            when scales.lowest_good is not null then scales.lowest_good
            when scales.scale_max <= 3 then scales.scale_max
            else 4
        end as top_box_from,
        case when coalesce(csat_ratings.question_number, 1) = 1 then csat_sessions.comment_text end as comment_text,
        coalesce(csat_ratings.loaded_at, csat_surveys.loaded_at) as loaded_at,
        {{ comma_list(['csat_surveys.parse_errors', 'csat_ratings.parse_errors']) }} as parse_errors
    from csat_surveys
    left join csat_sessions on csat_surveys.survey_response_id = csat_sessions.survey_response_id
    left join csat_ratings on csat_surveys.survey_response_id = csat_ratings.survey_response_id
    left join scales
        on
            csat_surveys.survey_id = scales.survey_id
            and coalesce(csat_surveys.survey_version, '') = scales.survey_version
            and csat_ratings.question_id = scales.question_id
    where not csat_surveys.is_deleted

    union all

    select
        csat_answers.survey_response_id as survey_key,
        cast(null as {{ sql_type('string') }}) as survey_id,
        csat_answers.question_id,
        cast(null as {{ sql_type('string') }}) as metric,
        cast(null as {{ sql_type('bigint') }}) as question_number,
        cast(null as {{ sql_type('string') }}) as ticket_id,
        cast(null as {{ sql_type('string') }}) as respondent_id,
        cast(null as {{ sql_type('string') }}) as agent_id,
        cast(null as {{ sql_type('string') }}) as team_id,
        csat_answers.created_at as sent_at,
        true as is_answered,
        csat_answers.answered_at as responded_at,
        csat_answers.rating as raw_score,
        1 as scale_min,
        5 as scale_max,
        4 as top_box_from,
        csat_answers.answer_text as comment_text,
        csat_answers.loaded_at,
        csat_answers.parse_errors
    from csat_answers
    left join csat_surveys on csat_answers.survey_response_id = csat_surveys.survey_response_id
    where csat_surveys.survey_response_id is null

),

{% if not rating.exists and not survey.exists -%}
score_changes as (

    select
        {{ field(history, 'ticket_id', required=true) }} as ticket_id,
        {{ fold_case(field(history, 'field_name', required=true)) }} as field_name,
        {{ field(history, changed_at, 'timestamp') }} as changed_at,
        {{ field(history, 'value') }} as landed_value,
        {{ loaded_at(history) }} as loaded_at,
        {{ parse_errors(history) }} as parse_errors
    from {{ landed_from(history) }}
    where
        {{ live_rows(history, history=true) }}
        and {{ fold_case(field(history, 'field_name')) }} in ('satisfaction_score', 'satisfaction_comment')
        and {{ field(history, 'value') }} is not null

),

-- in one second the offer comes before the score
offers as (

    select
        *,
        case
            when field_name = 'satisfaction_score' and {{ fold_case('landed_value') }} not in ('offered', 'unoffered') then 1
            else 0
        end as is_score,
        sum(case when field_name = 'satisfaction_score' and {{ fold_case('landed_value') }} = 'offered' then 1 else 0 end) over (
            partition by ticket_id
            order by
                changed_at nulls last,
                case when {{ fold_case('landed_value') }} = 'offered' then 0 else 1 end,
                landed_value,
                loaded_at nulls last
            rows between unbounded preceding and current row
        ) as offer_number
    from score_changes

),

ranked_changes as (

    select
        *,
        row_number() over (
            partition by ticket_id, offer_number, field_name
            order by is_score desc, changed_at desc nulls last, landed_value desc, loaded_at desc nulls last
        ) as nth_latest
    from offers

),

older_surveys as (

    select
        ticket_id || '-satisfaction-' || cast(offer_number as {{ dbt.type_string() }}) as survey_key,
        ticket_id,
        cast(null as {{ sql_type('string') }}) as respondent_id,
        cast(null as {{ sql_type('string') }}) as agent_id,
        cast(null as {{ sql_type('string') }}) as team_id,
        max(case when field_name = 'satisfaction_score' and nth_latest = 1 then {{ fold_case('landed_value') }} end) as score,
        max(case when field_name = 'satisfaction_comment' and nth_latest = 1 then landed_value end) as comment_text,
        min(case when field_name = 'satisfaction_score' then changed_at end) as sent_at,
        max(case when field_name = 'satisfaction_score' and nth_latest = 1 then changed_at end) as scored_at,
        max(loaded_at) as loaded_at,
        max(parse_errors) as parse_errors
    from ranked_changes
    group by ticket_id, offer_number
    having count(case when field_name = 'satisfaction_score' then 1 end) > 0

),
{%- else -%}
ratings as (

    select
        {{ field(rating, 'id', required=true) }} as survey_key,
        {{ field(rating, 'ticket_id') }} as ticket_id,
        {{ field(rating, 'requester_id') }} as respondent_id,
        {{ field(rating, 'assignee_id') }} as agent_id,
        {{ field(rating, 'group_id') }} as team_id,
        {{ fold_case(field(rating, 'score')) }} as score,
        {{ field(rating, 'comment') }} as comment_text,
        {{ field(rating, 'created_at', 'timestamp') }} as sent_at,
        coalesce({{ field(rating, 'updated_at', 'timestamp') }}, {{ field(rating, 'created_at', 'timestamp') }}) as scored_at,
        {{ loaded_at(rating) }} as loaded_at,
        {{ parse_errors(rating) }} as parse_errors
    from {{ landed_from(rating) }}
    where
        {{ live_rows(rating) }}

),

newly_surveyed_tickets as (select distinct ticket_id from csat_surveys where not is_deleted),

older_surveys as (

    select ratings.*
    from ratings
    left join newly_surveyed_tickets on ratings.ticket_id = newly_surveyed_tickets.ticket_id
    where newly_surveyed_tickets.ticket_id is null

),
{%- endif %}

surveys as (

    select * from newer_surveys

    union all

    select
        survey_key,
        'satisfaction_rating' as survey_id,
        'satisfaction_rating' as question_id,
        'csat' as metric,
        1 as question_number,
        ticket_id,
        respondent_id,
        agent_id,
        team_id,
        sent_at,
        coalesce(score <> 'offered', true) as is_answered,
        case when coalesce(score <> 'offered', true) then scored_at end as responded_at,
        case when score like 'good%' then 1 when score like 'bad%' then 0 end as raw_score,
        0 as scale_min,
        1 as scale_max,
        1 as top_box_from,
        comment_text,
        loaded_at,
        parse_errors
    from older_surveys
    where score is null or score <> 'unoffered'

)

select
    surveys.survey_key,
    surveys.survey_id,
    surveys.question_id,
    surveys.metric,
    surveys.question_number,
    surveys.ticket_id as ticket_ref,
    users.external_id as external_contact_ref,
    users.email as respondent_email,
    -- an organisation that did not land is named by its id, unless none did
    case
        when organizations.organization_id is not null then organizations.external_id
        {%- if organization.exists %}
        else tickets.organization_id
        {%- endif %}
    end as account_ref,
    -- who held the ticket then its log says, where tickets are read
    {%- if is_listed('support', 'zendesk') %}
    surveys.agent_id as agent_ref,
    surveys.team_id as team_ref,
    {%- else %}
    coalesce(surveys.agent_id, tickets.agent_id) as agent_ref,
    coalesce(surveys.team_id, tickets.team_id) as team_ref,
    {%- endif %}
    surveys.sent_at,
    surveys.is_answered,
    surveys.responded_at,
    cast(surveys.raw_score as {{ sql_type('double precision') }}) as raw_score,
    cast(surveys.scale_min as {{ sql_type('double precision') }}) as scale_min,
    cast(surveys.scale_max as {{ sql_type('double precision') }}) as scale_max,
    cast(surveys.top_box_from as {{ sql_type('double precision') }}) as top_box_from,
    surveys.comment_text,
    surveys.loaded_at,
    surveys.parse_errors
from surveys
left join tickets on surveys.ticket_id = tickets.ticket_id
left join organizations on tickets.organization_id = organizations.organization_id
left join users on coalesce(surveys.respondent_id, tickets.requester_id) = users.user_id
