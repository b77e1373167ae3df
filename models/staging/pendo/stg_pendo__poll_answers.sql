-- Grain: one row per landed answer to a poll, with whom it is of. A survey is the guide that shows the poll. Without an account of its own
-- the answer is of the account of its visitor. Visitors whom the product did not identify are anonymous. What is no number is no score:
-- words are read by stg_pendo__verbatims alone.
{{ config(enabled=is_listed('survey', 'pendo')) }}
{%- set poll_event = landed('pendo', 'poll_event', in_demo=false) %}
{%- set poll = landed('pendo', 'poll', in_demo=false) %}
{%- set times = ['timestamp', 'browser_timestamp', 'browser_time'] %}
{%- set answer = field(poll_event, 'poll_response') %}

with answers as (

    select
        {{ pendo_answer_id(poll_event) }} as response_id,
        coalesce({{ field(poll_event, 'guide_id') }}, {{ field(poll_event, 'poll_id') }}) as survey_id,
        {{ field(poll_event, 'poll_id') }} as poll_id,
        {{ field(poll_event, 'visitor_id') }} as visitor_id,
        {{ field(poll_event, 'account_id') }} as product_account_id,
        {{ try_to_double(labelled_number(answer)) }} as number,
        case {{ fold_case(answer) }} when 'yes' then 1.0 when 'true' then 1.0 when 'no' then 0.0 when 'false' then 0.0 end as yes_or_no,
        {{ answer }} is null as is_empty,
        {{ field(poll_event, times, 'timestamp') }} as responded_at,
        {{ loaded_at(poll_event) }} as loaded_at,
        {{ parse_errors(poll_event) }} as parse_errors
    from {{ landed_from(poll_event) }}
    where
        {{ live_rows(poll_event) }}
        and {{ fold_case("coalesce(" ~ field(poll_event, 'type') ~ ", 'pollresponse')") }} like '%pollresponse'

),

visitors as (

    select
        *,
        row_number() over (
            partition by product_user_id
            order by loaded_at desc nulls last, parse_errors nulls first, user_email nulls last, product_account_id nulls last
        ) as copy_number
    from {{ ref('stg_pendo__product_users') }}

),

accounts as (

    select
        *,
        row_number() over (
            partition by product_account_id order by loaded_at desc nulls last, parse_errors nulls first, account_ref nulls last
        ) as copy_number
    from {{ ref('stg_pendo__product_accounts') }}

)

select
    answers.response_id,
    answers.survey_id,
    {{ 'polls.poll_id is not null' if poll.exists else 'cast(null as boolean)' }} as is_survey_known,
    answers.poll_id,
    answers.visitor_id,
    coalesce(polls.is_nps, false) as is_nps,
    coalesce(polls.is_number or polls.is_yes_or_no, false) as is_rating,
    case when polls.is_yes_or_no then answers.yes_or_no else answers.number end as raw_score,
    answers.responded_at,
    {{ pendo_known_visitor('answers.visitor_id') }} as external_contact_ref,
    case when {{ pendo_known_visitor('answers.visitor_id') }} is not null then visitors.user_email end as respondent_email,
    coalesce(accounts.account_ref, accounts.product_account_id, answers.product_account_id, visitors.product_account_id) as account_ref,
    answers.loaded_at,
    {{ comma_list([
        'answers.parse_errors',
        "case when not answers.is_empty and polls.is_number and answers.number is null then 'raw_score' end",
        "case when not answers.is_empty and polls.is_yes_or_no and answers.yes_or_no is null then 'raw_score' end",
    ]) }} as parse_errors
from answers
left join {{ ref('stg_pendo__polls') }} as polls on answers.poll_id = polls.poll_id
left join visitors on answers.visitor_id = visitors.product_user_id and visitors.copy_number = 1
left join accounts
    on
        coalesce(answers.product_account_id, visitors.product_account_id) = accounts.product_account_id
        and accounts.copy_number = 1
