{{ config(enabled=is_listed('survey', 'qualtrics')) }}
-- Claim: an answered question is staged once however often its session landed, and once where its
-- session never landed. It goes with a session that was deleted; the NPS group is no answer.
{%- set session = landed('qualtrics', 'survey_response') %}
{%- set answer = landed('qualtrics', 'question_response') %}

with sessions as (

    select
        {{ field(session, 'id') }} as session_id,
        sum(case when {{ is_deleted(session) }} then 0 else 1 end) as copies
    from {{ landed_from(session, newest=true) }}
    where
        {{ live_rows(session, keep_deleted=true) }}
    group by 1

),

answers as (

    select
        {{ field(answer, 'response_id') }} as session_id,
        count(*) as row_count
    from {{ landed_from(answer) }}
    where
        {{ live_rows(answer) }}
        and coalesce({{ field(answer, 'question_id') }}, '') not like '%NPS_GROUP%'
    group by 1

),

totals as (

    select
        coalesce(sum(answers.row_count * coalesce(sessions.copies, 1)), 0) as landed,
        (select count(*) from {{ ref('stg_qualtrics__survey_responses') }}) as staged
    from answers
    left join sessions on answers.session_id = sessions.session_id

)

select *
from totals
where landed <> staged
