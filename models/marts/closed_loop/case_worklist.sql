-- Grain: one row per open case that somebody can be called for; where no tool records the closing a case ends with the contact.
-- What is due first stands first, then what is worth more.
with open_cases as (

    select
        *,
        {{ day_close(as_of_date_sql()) }} as as_of_close,
        case when is_followed_up then 'close' else 'follow_up' end as next_step,
        case when is_followed_up then closure_due_at else follow_up_due_at end as due_at
    from {{ ref('feedback_cases') }}
    where closed_at is null and not is_anonymous and (is_closure_tracked or not is_followed_up)

),

accounts as (

    select * from {{ ref('dim_accounts') }}

)

select
    open_cases.case_id,
    open_cases.account_id,
    open_cases.contact_key,
    open_cases.owner_id,
    open_cases.team_id,
    accounts.account_name,
    open_cases.segment,
    open_cases.department,
    open_cases.metric,
    open_cases.touchpoint,
    open_cases.root_cause,
    open_cases.next_step,
    cast(
        row_number() over (
            order by open_cases.due_at asc, accounts.arr desc nulls last, {{ byte_order('open_cases.case_id') }} asc
        ) as {{ sql_type('bigint') }}
    ) as rank,
    accounts.arr,
    open_cases.raw_score,
    greatest({{ minutes_between('open_cases.due_at', 'open_cases.as_of_close') }} / 60.0, 0.0) as hours_overdue,
    open_cases.is_unassigned,
    open_cases.due_at <= open_cases.as_of_close as is_overdue,
    open_cases.opened_at,
    open_cases.first_follow_up_at,
    open_cases.due_at
from open_cases
left join accounts on open_cases.account_id = accounts.account_id
where coalesce(accounts.is_active, true)
