-- Grain: one row per detractor with an NPS answer of the same person after it. After the follow-up: the next answer within
-- recovery_days of it. Unprompted: the next answer within recovery_days of the first one, where nobody had called yet; somebody
-- who is called later has it still, for it says what happens without a call.
{%- set days = whole_number('recovery_days') %}

with cases as (

    select
        answers.case_id,
        answers.contact_key,
        answers.opened_at,
        follow_ups.first_follow_up_at
    from {{ ref('int_closed_loop__answers') }} as answers
    left join {{ ref('int_closed_loop__follow_ups') }} as follow_ups on answers.case_id = follow_ups.case_id
    where answers.metric = 'nps' and answers.contact_key is not null

),

answers as (

    select
        contact_key,
        response_id,
        responded_at,
        raw_score,
        loaded_at
    from {{ ref('int_survey__responses') }}
    where metric = 'nps' and contact_key is not null

),

later_answers as (

    select
        cases.case_id,
        answers.responded_at,
        answers.raw_score,
        answers.response_id,
        answers.loaded_at,
        answers.responded_at <= {{ dbt.dateadd('day', days, 'cases.opened_at') }} as is_soon_after_answer,
        coalesce(answers.responded_at > cases.first_follow_up_at, false) as is_after_follow_up,
        coalesce(answers.responded_at <= {{ dbt.dateadd('day', days, 'cases.first_follow_up_at') }}, false) as is_soon_after_follow_up
    from cases
    inner join answers on cases.contact_key = answers.contact_key and cases.opened_at < answers.responded_at

),

numbered as (

    select
        *,
        not is_after_follow_up
        and is_soon_after_answer
        and row_number() over (partition by case_id order by responded_at, loaded_at nulls first, response_id) = 1 as is_unprompted,
        is_after_follow_up
        and is_soon_after_follow_up
        and row_number() over (
            partition by case_id, is_after_follow_up
            order by responded_at, loaded_at nulls first, response_id
        ) = 1 as is_next_after_follow_up
    from later_answers

)

select
    case_id,
    max(case when is_unprompted then responded_at end) as unprompted_answered_at,
    max(case when is_unprompted then raw_score end) as unprompted_score,
    max(case when is_next_after_follow_up then responded_at end) as answered_after_follow_up_at,
    max(case when is_next_after_follow_up then raw_score end) as score_after_follow_up
from numbered
group by case_id
