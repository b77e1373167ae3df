with cases as (

    select
        *,
        {{ day_close(as_of_date_sql()) }} as as_of_close,
        coalesce(first_follow_up_at <= closed_at, false) as is_customer_informed,
        closures_tracked_from is not null as is_closure_tracked,
        case when first_follow_up_at is null then unprompted_score else score_after_follow_up end as next_score,
        case when first_follow_up_at is null then unprompted_answered_at else answered_after_follow_up_at end as next_answered_at
    from {{ ref('int_closed_loop__cases') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

teams as (

    select * from {{ ref('dim_teams') }}

),

touchpoints as (

    select * from {{ ref('touchpoints') }}

)

select
    -- ids
    cases.case_id,
    cases.survey_id,
    cases.source_vendor,
    cases.contact_key,
    cases.account_id,
    accounts.owner_id,
    cases.team_id,
    cases.follow_up_id,

    -- dimensions
    coalesce(teams.department, cases.named_department, touchpoints.department) as department,
    cases.segment,
    cases.region,
    cases.survey_family,
    cases.metric,
    cases.touchpoint,
    cases.root_cause,
    cases.follow_up_type,
    case
        when cases.is_customer_informed then 'closed'
        when cases.closed_at is not null then 'closed_without_contact'
        when cases.first_follow_up_at is not null then 'followed_up'
        when cases.follow_up_due_at > cases.as_of_close then 'pending'
        else 'overdue'
    end as case_status,

    -- measures
    cases.raw_score,
    cases.score_pomp,
    {{ minutes_between('cases.opened_at', 'cases.first_follow_up_at') }} / 60.0 as hours_to_follow_up,
    cases.next_score,
    cases.unprompted_score,

    -- booleans
    cases.is_anonymous,
    accounts.owner_id is null as is_unassigned,
    cases.is_closure_tracked,
    cases.first_follow_up_at is not null as is_followed_up,
    case
        when cases.follow_up_due_at <= cases.as_of_close
            then coalesce(cases.first_follow_up_at <= cases.follow_up_due_at, false)
    end as is_followed_up_in_sla,
    cases.is_customer_informed,
    case
        when cases.closure_due_at <= cases.as_of_close and cases.is_closure_tracked
            then cases.is_customer_informed and cases.closed_at <= cases.closure_due_at
    end as is_closed_in_sla,
    {{ is_recovered('cases.next_score') }} as is_recovered,
    {{ is_recovered('cases.unprompted_score') }} as is_recovered_unprompted,

    -- times
    {{ reporting_date('cases.opened_at') }} as opened_date,
    cases.opened_at,
    cases.follow_up_due_at,
    cases.first_follow_up_at,
    cases.closure_due_at,
    cases.closed_at,
    cases.next_answered_at,
    cases.unprompted_answered_at
from cases
left join accounts on cases.account_id = accounts.account_id
left join teams on cases.team_id = teams.team_id
left join touchpoints on cases.touchpoint = touchpoints.touchpoint
