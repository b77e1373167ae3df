-- Grain: one row per team and completed month in which somebody of the team answered an engagement item, as the log has it. An answer
-- that tells neither person nor session counts in the score but is nobody: five items of one person are not five people.
with versions as (

    select
        *,
        row_number() over (
            partition by period_end, team_id order by version desc, respondent_key nulls last
        ) as row_of_newest
    from {{ ref('int_employee__engagement_log') }}

)

select
    versions.period_end,
    versions.team_id,
    versions.respondents,
    versions.engagement_score
from versions
inner join {{ ref('int_periods') }} as periods on versions.period_end = periods.period_end and periods.is_month_end
where versions.row_of_newest = 1 and versions.engagement_score is not null
