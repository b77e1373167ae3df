-- The comment of a rating stands with the rating, that of a newer survey with its first question.
{{ config(enabled=is_listed('survey', 'zendesk'), schema='restricted', group='privacy', access='private') }}

select
    {{ zendesk_response_id() }} as response_id,
    comment_text,
    loaded_at,
    cast(null as {{ sql_type('string') }}) as parse_errors
from {{ ref('stg_zendesk__ticket_surveys') }}
where is_answered and comment_text is not null
