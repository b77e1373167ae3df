-- Grain: one row per case, with its clocks and all that happened to it up to as_of_date. A closing after as_of_date has not
-- happened yet. What a case looked like at an earlier moment follows from its times.
{{ config(materialized='table') }}

with answers as (

    select * from {{ ref('int_closed_loop__answers') }}

),

records as (

    select * from {{ ref('int_survey__case_records_checked') }} where quarantine_reason is null and nth_latest = 1

),

-- the analysis asked for last
analyses as (

    select
        response_ref,
        root_cause,
        row_number() over (
            partition by response_ref
            order by opened_at desc, loaded_at desc nulls last, analysis_id
        ) as nth_latest
    from {{ ref('int_crm__root_cause_analyses_checked') }}
    where quarantine_reason is null and root_cause is not null and response_ref is not null

),

-- a record of the answer itself goes before one of its session
recorded as (

    select
        answers.*,
        coalesce(of_answer.case_record_id, of_session.case_record_id) as case_record_id,
        case when of_answer.case_record_id is not null then of_answer.closed_at else of_session.closed_at end as landed_closed_at,
        case when of_answer.case_record_id is not null then of_answer.team_ref else of_session.team_ref end as record_team_ref,
        coalesce(
            case when of_answer.case_record_id is not null then of_answer.root_cause else of_session.root_cause end,
            analysis_of_answer.root_cause,
            analysis_of_session.root_cause
        ) as root_cause
    from answers
    left join records as of_answer on answers.case_id = of_answer.response_ref
    left join records as of_session on answers.survey_response_id = of_session.response_ref
    left join analyses as analysis_of_answer
        on answers.case_id = analysis_of_answer.response_ref and analysis_of_answer.nth_latest = 1
    left join analyses as analysis_of_session
        on answers.survey_response_id = analysis_of_session.response_ref and analysis_of_session.nth_latest = 1

),

-- the tools whose cases somebody records: of the others nobody can say that none was closed
tracked as (

    select distinct source_vendor
    from recorded
    where case_record_id is not null

)

select
    recorded.case_id,
    recorded.survey_id,
    recorded.source_vendor,
    recorded.survey_family,
    recorded.metric,
    recorded.touchpoint,
    recorded.contact_key,
    recorded.is_anonymous,
    recorded.account_id,
    recorded.segment,
    recorded.region,
    coalesce({{ matched_team() }}, recorded.team_id) as team_id,
    case when {{ matched_team() }} is null then recorded.record_team_ref end as named_department,
    recorded.root_cause,
    recorded.raw_score,
    recorded.score_pomp,
    recorded.opened_at,
    recorded.opened_on,
    {{ dbt.dateadd('hour', whole_number('follow_up_sla_hours'), 'recorded.opened_at') }} as follow_up_due_at,
    {{ dbt.dateadd('day', whole_number('closure_sla_days'), 'recorded.opened_at') }} as closure_due_at,
    follow_ups.first_follow_up_at,
    tracked.source_vendor is not null as is_closure_tracked,
    case when not {{ is_after_as_of('recorded.landed_closed_at') }} then recorded.landed_closed_at end as closed_at,
    next_answers.unprompted_answered_at,
    next_answers.unprompted_score,
    next_answers.answered_after_follow_up_at,
    next_answers.score_after_follow_up
from recorded
left join {{ ref('int_closed_loop__follow_ups') }} as follow_ups on recorded.case_id = follow_ups.case_id
left join {{ ref('int_closed_loop__next_answers') }} as next_answers on recorded.case_id = next_answers.case_id
left join tracked on recorded.source_vendor = tracked.source_vendor
{{ match_team_joins('recorded.record_team_ref') }}
