-- Grain: one row per ticket that can have a follow-up: not merged away, with account and topic.
-- One line of time per account and topic holds every creation and every solve, so that the next
-- creation after a solve and the last solve before a creation are each one pass of a window.
-- What happens at the very moment of a solve does not come after it.
with tickets as (

    select *
    from {{ ref('int_support__tickets') }}
    where not is_merged and account_id is not null and topic is not null

),

moments as (

    select
        ticket_id,
        account_id,
        topic,
        created_at as happened_at,
        'creation' as moment_type,
        1 as moment_order
    from tickets

    union all

    select
        ticket_id,
        account_id,
        topic,
        first_solved_at as happened_at,
        'first_solve' as moment_type,
        2 as moment_order
    from tickets
    where first_solved_at is not null

    union all

    select
        ticket_id,
        account_id,
        topic,
        solved_at as happened_at,
        'solve' as moment_type,
        2 as moment_order
    from tickets
    where solved_at is not null

),

neighbours as (

    select
        ticket_id,
        moment_type,
        min(case when moment_type = 'creation' then happened_at end) over (
            partition by account_id, topic
            order by happened_at desc, moment_order desc, {{ byte_order('ticket_id') }} desc, {{ byte_order('moment_type') }} desc
            rows between unbounded preceding and 1 preceding
        ) as next_created_at,
        max(case when moment_type = 'solve' then happened_at end) over (
            partition by account_id, topic
            order by happened_at, moment_order, {{ byte_order('ticket_id') }}, {{ byte_order('moment_type') }}
            rows between unbounded preceding and 1 preceding
        ) as previous_solved_at
    from moments

)

select
    ticket_id,
    max(case when moment_type = 'creation' then previous_solved_at end) as previous_solved_at,
    max(case when moment_type = 'first_solve' then next_created_at end) as next_created_at
from neighbours
group by ticket_id
