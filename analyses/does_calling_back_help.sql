-- Do detractors who were called recover more often than those who answered again before anybody called? Only where the two intervals
-- do not overlap is the answer clear; the rest may be chance, or regression to the mean.
select
    period_end,
    scope_type,
    scope_value,
    re_surveyed,
    detractor_recovery_rate,
    re_surveyed_not_followed_up,
    recovery_rate_not_followed_up,
    case
        when detractor_recovery_ci_low > recovery_not_followed_up_ci_high then 'it helps'
        when detractor_recovery_ci_high < recovery_not_followed_up_ci_low then 'it hurts'
        else 'not clear'
    end as verdict
from {{ ref('closed_loop_kpis') }}
where period_end = {{ as_of_date_sql() }} and re_surveyed > 0 and re_surveyed_not_followed_up > 0
order by scope_type asc, scope_value asc
