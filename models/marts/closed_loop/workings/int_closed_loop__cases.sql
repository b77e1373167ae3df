-- Grain: one row per case, with its clocks and all that happened to it up to as_of_date, by the record that counts now. What it
-- looked like at an earlier moment follows from its times and from int_closed_loop__case_records.
{{ config(materialized='table') }}

with answers as (

    select * from {{ ref('int_closed_loop__answers') }}

),

records as (

    select * from {{ ref('int_closed_loop__case_records') }} where is_latest

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

recorded as (

    select
        answers.*,
        records.team_ref as record_team_ref,
        records.closed_at,
        coalesce(
            records.root_cause,
            {{ category('coalesce(of_answer.root_cause, of_session.root_cause)') }}
        ) as root_cause
    from answers
    left join records on answers.case_id = records.case_id
    left join analyses as of_answer on answers.case_id = of_answer.response_ref and of_answer.nth_latest = 1
    left join analyses as of_session
        on answers.survey_response_id = of_session.response_ref and of_session.nth_latest = 1

),

-- since when somebody keeps record of the cases of a tool: before, nobody can say that none was closed
tracked as (

    select
        answers.source_vendor,
        min(coalesce(case_records.counts_from, timestamp '1990-01-01 00:00:00')) as closures_tracked_from
    from answers
    inner join {{ ref('int_closed_loop__case_records') }} as case_records on answers.case_id = case_records.case_id
    group by answers.source_vendor

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
    recorded.team_id as answer_team_id,
    case when {{ matched_team() }} is null then {{ category('recorded.record_team_ref') }} end as named_department,
    recorded.root_cause,
    recorded.raw_score,
    recorded.score_pomp,
    recorded.opened_at,
    recorded.opened_on,
    {{ dbt.dateadd('hour', whole_number('follow_up_sla_hours'), 'recorded.opened_at') }} as follow_up_due_at,
    {{ dbt.dateadd('day', whole_number('closure_sla_days'), 'recorded.opened_at') }} as closure_due_at,
    follow_ups.first_follow_up_at,
    follow_ups.follow_up_type,
    follow_ups.follow_up_id,
    tracked.closures_tracked_from,
    recorded.closed_at,
    next_answers.unprompted_answered_at,
    next_answers.unprompted_score,
    next_answers.answered_after_follow_up_at,
    next_answers.score_after_follow_up
from recorded
left join {{ ref('int_closed_loop__follow_ups') }} as follow_ups on recorded.case_id = follow_ups.case_id
left join {{ ref('int_closed_loop__next_answers') }} as next_answers on recorded.case_id = next_answers.case_id
left join tracked on recorded.source_vendor = tracked.source_vendor
{{ match_team_joins('recorded.record_team_ref') }}
