-- Rates of following up and closing, one per row, at the newest period end. The mart sets one target:
-- every detractor is followed up in time.
with newest as (
    select *
    from closed_loop_kpis
    where
        scope_type <> 'team'
        and period_end = (select max(latest.period_end) from closed_loop_kpis as latest)
)

select
    scope_type,
    scope_value as item,
    'detractor_follow_up' as measure,
    detractor_follow_up_rate as value,
    detractor_follow_up_ci_low as low,
    detractor_follow_up_ci_high as high,
    due_detractors as n,
    1.0 as target,
    is_reportable,
    1 as place
from newest
union all
select
    scope_type,
    scope_value as item,
    'ever_followed_up' as measure,
    detractor_ever_followed_up_rate as value,
    detractor_ever_followed_up_ci_low as low,
    detractor_ever_followed_up_ci_high as high,
    due_detractors as n,
    null as target,
    is_reportable,
    2 as place
from newest
union all
select
    scope_type,
    scope_value as item,
    'closed_loop' as measure,
    closed_loop_rate as value,
    closed_loop_ci_low as low,
    closed_loop_ci_high as high,
    closure_due_cases as n,
    null as target,
    is_closure_reportable as is_reportable,
    3 as place
from newest
order by scope_type, item, place
