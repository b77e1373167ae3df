-- Grain: one row per ticket that counts. Deleted tickets count nowhere and are not here; tickets
-- that break a rule are in quarantined_records.
with tickets as (

    select * from {{ ref('int_support__tickets') }}

),

clocks as (

    select * from {{ ref('int_support__ticket_business_minutes') }}

),

slas as (

    select * from {{ ref('int_support__ticket_slas') }}

),

follow_ups as (

    select * from {{ ref('int_support__ticket_follow_ups') }}

),

teams as (

    select * from {{ ref('dim_teams') }}

),

satisfaction as (

    select
        ticket_id,
        score_pomp,
        is_low_score,
        row_number() over (
            partition by ticket_id
            order by responded_at desc, loaded_at desc nulls last, {{ byte_order('response_id') }} desc
        ) as nth_latest
    from {{ ref('int_survey__responses') }}
    where metric = 'csat' and ticket_id is not null

),

-- a ticket solved less than the window ago may still come back
windows as (

    select
        tickets.*,
        follow_ups.ticket_id is not null as has_follow_up_key,
        follow_ups.previous_solved_at,
        follow_ups.next_created_at,
        {{ dbt.dateadd('day', whole_number('first_contact_resolution_days'), 'tickets.first_solved_at') }} as resolution_window_ends_at,
        {{ dbt.dateadd('day', whole_number('repeat_contact_days'), 'follow_ups.previous_solved_at') }} as repeat_window_ends_at
    from tickets
    left join follow_ups on tickets.ticket_id = follow_ups.ticket_id

)

select
    -- ids
    windows.ticket_id,
    windows.source_vendor,
    windows.account_id,
    windows.contact_key,
    windows.agent_id,
    windows.team_id,
    windows.schedule_id,
    windows.merged_into_ticket_id,

    -- dimensions
    teams.department,
    windows.topic,
    windows.channel,
    windows.ticket_type,
    windows.severity,
    windows.status,
    windows.opening_hours_as_of,

    -- times
    {{ reporting_date('windows.created_at') }} as created_date,
    windows.created_at,
    windows.first_assigned_at,
    windows.first_replied_at,
    windows.first_solved_at,
    windows.solved_at,

    -- measures
    {{ minutes_between('windows.created_at', 'windows.first_assigned_at') }} as queue_minutes,
    {{ minutes_between('windows.created_at', 'windows.first_replied_at') }} as first_reply_minutes,
    case when windows.first_replied_at is not null then clocks.reply_clock_business_minutes end
        as first_reply_business_minutes,
    {{ minutes_between('windows.created_at', 'windows.solved_at') }} as resolution_minutes,
    case when windows.solved_at is not null then clocks.resolution_clock_business_minutes end
        as resolution_business_minutes,
    cast(slas.first_reply_target_minutes as {{ sql_type('double precision') }}) as first_reply_target_minutes,
    cast(slas.resolution_target_minutes as {{ sql_type('double precision') }}) as resolution_target_minutes,
    cast(windows.agent_replies as {{ sql_type('bigint') }}) as agent_replies,
    cast(windows.reopens as {{ sql_type('bigint') }}) as reopens,
    satisfaction.score_pomp as csat_score_pomp,

    -- booleans
    windows.is_solved,
    windows.is_merged,
    case
        when windows.is_merged or windows.first_solved_at is null then null
        when {{ is_after_as_of('windows.resolution_window_ends_at') }} then null
        when windows.reopens > 0 then false
        when not windows.has_follow_up_key then null
        when windows.next_created_at <= windows.resolution_window_ends_at then false
        when windows.reopens = 0 then true
    end as is_first_contact_resolution,
    case
        when windows.has_follow_up_key then coalesce(windows.created_at <= windows.repeat_window_ends_at, false)
    end as is_repeat_contact,
    slas.is_first_reply_target_in_business_hours,
    slas.is_first_reply_sla_met,
    slas.is_resolution_target_in_business_hours,
    slas.is_resolution_sla_met,
    satisfaction.is_low_score as is_low_csat
from windows
left join clocks on windows.ticket_id = clocks.ticket_id
left join slas on windows.ticket_id = slas.ticket_id
left join teams on windows.team_id = teams.team_id
left join satisfaction on windows.ticket_id = satisfaction.ticket_id and satisfaction.nth_latest = 1
