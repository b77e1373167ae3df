-- Grain: one row per case and record that a tool kept of it, and from when until when that record was the one that counted: until the
-- next one was opened. Where the answer itself has records, those of its session do not count.
{{ config(materialized='table') }}
{%- set in_order = (
    'partition by case_id order by opened_at nulls first, loaded_at nulls first, '
    ~ byte_order('source_vendor') ~ ' desc, ' ~ byte_order('case_record_id') ~ ' desc'
) %}

with answers as (

    select * from {{ ref('int_closed_loop__answers') }}

),

records as (

    select * from {{ ref('int_survey__case_records_checked') }} where quarantine_reason is null

),

candidates as (

    select
        answers.case_id,
        1 as precedence,
        records.*
    from answers
    inner join records on answers.case_id = records.response_ref

    union all

    select
        answers.case_id,
        2 as precedence,
        records.*
    from answers
    inner join records on answers.survey_response_id = records.response_ref and answers.case_id <> records.response_ref

),

preferred as (

    select
        *,
        min(precedence) over (partition by case_id) as best_precedence
    from candidates

),

ordered as (

    select
        *,
        lead(opened_at) over ({{ in_order }}) as next_opened_at,
        lead(case_record_id) over ({{ in_order }}) is null as is_latest
    from preferred
    where precedence = best_precedence

)

select
    case_id,
    case_record_id,
    team_ref,
    {{ category('root_cause') }} as root_cause,
    opened_at as counts_from,
    -- a record without a time gives way to any other
    case when not is_latest then coalesce(next_opened_at, timestamp '1990-01-01 00:00:00') end as counts_until,
    is_latest,
    case when not {{ is_after_as_of('closed_at') }} then closed_at end as closed_at
from ordered
