-- Grain: one row per answer in words. The follow-up of a rating stands with the rating: the last one of the visitor within the hour before.
-- Words that follow no rating stand alone.
{{ config(enabled=is_listed('survey', 'pendo'), schema='restricted', group='privacy', access='private') }}
{%- set poll_event = landed('pendo', 'poll_event', in_demo=false) %}
{%- set times = ['timestamp', 'browser_timestamp', 'browser_time'] %}

with words as (

    select
        {{ pendo_answer_id(poll_event) }} as response_id,
        {{ field(poll_event, 'poll_id') }} as poll_id,
        {{ field(poll_event, 'visitor_id') }} as visitor_id,
        {{ field(poll_event, 'poll_response') }} as comment_text,
        {{ field(poll_event, times, 'timestamp') }} as written_at,
        {{ loaded_at(poll_event) }} as loaded_at
    from {{ landed_from(poll_event, newest=true) }}
    where
        {{ live_rows(poll_event) }}
        and {{ fold_case("coalesce(" ~ field(poll_event, 'type') ~ ", 'pollresponse')") }} like '%pollresponse'
        and {{ field(poll_event, 'poll_response') }} is not null

),

polls as (

    select * from {{ ref('stg_pendo__polls') }}

),

ratings as (

    select
        answers.response_id,
        answers.visitor_id,
        answers.responded_at,
        polls.follow_up_poll_id
    from {{ ref('stg_pendo__poll_answers') }} as answers
    inner join polls on answers.poll_id = polls.poll_id
    where answers.is_rating and polls.follow_up_poll_id is not null

),

placed as (

    select
        words.response_id as own_id,
        words.comment_text,
        words.loaded_at,
        ratings.response_id,
        row_number() over (
            partition by words.response_id order by ratings.responded_at desc nulls last, ratings.response_id
        ) as nth
    from words
    left join polls on words.poll_id = polls.poll_id
    left join ratings
        on
            words.poll_id = ratings.follow_up_poll_id
            and words.visitor_id = ratings.visitor_id
            and ratings.responded_at <= words.written_at
            and words.written_at < {{ dbt.dateadd('hour', 1, 'ratings.responded_at') }}
    where not coalesce(polls.is_number or polls.is_yes_or_no, false)

)

select
    coalesce(response_id, own_id) as response_id,
    comment_text,
    loaded_at,
    cast(null as {{ sql_type('string') }}) as parse_errors
from placed
where nth = 1
