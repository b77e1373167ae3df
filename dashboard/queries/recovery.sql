-- Detractors who came back, beside those who did so without a call.
with newest as (
    select *
    from closed_loop_kpis
    where
        scope_type = 'company'
        and period_end = (select max(latest.period_end) from closed_loop_kpis as latest)
)

select
    'recovered_re_surveyed' as item,
    detractor_recovery_rate as value,
    detractor_recovery_ci_low as low,
    detractor_recovery_ci_high as high,
    re_surveyed as n,
    is_recovery_reportable as is_reportable,
    1 as place
from newest
union all
select
    'recovered_of_followed_up' as item,
    recovery_rate_of_followed_up as value,
    recovery_of_followed_up_ci_low as low,
    recovery_of_followed_up_ci_high as high,
    recovery_due_detractors as n,
    is_recovery_reportable as is_reportable,
    2 as place
from newest
union all
select
    'recovered_without_call' as item,
    recovery_rate_not_followed_up as value,
    recovery_not_followed_up_ci_low as low,
    recovery_not_followed_up_ci_high as high,
    re_surveyed_not_followed_up as n,
    is_recovery_reportable as is_reportable,
    3 as place
from newest
order by place
