-- Grain: one row per team and completed month in which somebody was in it. Whoever was in two teams counts in both; who changed
-- teams did not leave. Spells are half open; who left in the first moment of a month leaves in it and was there.
with employees as (

    select
        *,
        max(valid_from) over (partition by employee_id) as last_start
    from {{ ref('int_employee__employees') }}

),

-- a spell ended because the person left when no other begins at its end or after it, and it ended on the day or later: who keeps
-- dates only lets it end at midnight before the last afternoon
spells as (

    select
        *,
        case
            when {{ reporting_date('valid_to') }} >= {{ reporting_date('left_at') }} and last_start < valid_to
                then {{ reporting_date('left_at') }}
        end as left_on
    from employees

),

months as (

    select
        period_end,
        month_start,
        {{ day_close(add_days('month_start', -1)) }} as month_opens_at,
        {{ day_close('period_end') }} as month_close
    from {{ ref('int_periods') }}
    where is_month_end

)

select
    months.period_end,
    spells.team_id,
    count(distinct case when spells.valid_to is null or spells.valid_to >= months.month_close then spells.employee_id end) as headcount,
    count(distinct spells.employee_id) as people_in_month,
    count(distinct case when spells.left_on between months.month_start and months.period_end then spells.employee_id end) as leavers
from months
inner join spells
    on
        spells.valid_from < months.month_close
        and (
            spells.valid_to is null
            or spells.valid_to > months.month_opens_at
            or (spells.valid_to = months.month_opens_at and spells.left_on is not null)
        )
group by months.period_end, spells.team_id
