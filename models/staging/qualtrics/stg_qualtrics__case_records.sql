-- Grain: one row per ticket that Qualtrics opened for an answer. A ticket that is open again keeps its old closing time,
-- so the status decides where it is one of Qualtrics' own; a closed one without a time was closed at its last change.
{{ config(enabled=is_listed('survey', 'qualtrics')) }}
{%- set ticket = landed('qualtrics', 'ticket') %}

with tickets as (

    select
        {{ field(ticket, 'id', required=true) }} as case_record_id,
        {{ field(ticket, 'survey_response_id', required=true) }} as response_ref,
        {{ field(ticket, 'team_name') }} as team_ref,
        {{ field(ticket, 'root_cause') }} as root_cause,
        {{ replace_pattern(fold_case("coalesce(" ~ field(ticket, 'status') ~ ", '')"), '[ _-]', '') }} as status_key,
        {{ field(ticket, 'created_at', 'timestamp') }} as opened_at,
        {{ field(ticket, 'closed_at', 'timestamp') }} as landed_closed_at,
        {{ field(ticket, 'updated_at', 'timestamp') }} as updated_at,
        {{ loaded_at(ticket) }} as loaded_at,
        {{ parse_errors(ticket) }} as parse_errors
    from {{ landed_from(ticket) }}
    where
        {{ live_rows(ticket) }}

)

select
    case_record_id,
    response_ref,
    team_ref,
    root_cause,
    opened_at,
    case
        when status_key like 'closed%' then coalesce(landed_closed_at, updated_at)
        when status_key not in ('open', 'new', 'inprogress', 'pending', 'reopened') then landed_closed_at
    end as closed_at,
    loaded_at,
    parse_errors
from tickets
