-- Words without a value, that are no choice of an option.
{{ config(enabled=is_listed('survey', 'qualtrics'), schema='restricted', group='privacy', access='private') }}
{%- set answer = landed('qualtrics', 'question_response') %}

with answers as (

    select
        {{ field(answer, 'response_id', required=true) }} || ':' || {{ qualtrics_question_id(answer) }} as response_id,
        {{ field(answer, 'text') }} as comment_text,
        {{ loaded_at(answer) }} as loaded_at
    from {{ landed_from(answer) }}
    where
        {{ live_rows(answer) }}
        and coalesce({{ field(answer, 'question_id') }}, '') not like '%NPS_GROUP%'
        and {{ field(answer, 'value', 'double precision') }} is null
        and {{ field(answer, 'question_option_key') }} is null

)

select
    response_id,
    comment_text,
    loaded_at,
    cast(null as {{ sql_type('string') }}) as parse_errors
from answers
where comment_text is not null
