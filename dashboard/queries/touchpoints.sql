-- CSAT (share in the top box) and CES (share that found it easy) of each touchpoint and month.
select
    period_end,
    touchpoint_name as item,
    metric as measure,
    case when metric = 'ces' then easy_rate else csat_rate end as value,
    ci_low as low,
    ci_high as high,
    responses as n,
    mean_score_pomp,
    low_score_share,
    is_reportable
from touchpoint_experience
order by period_end, touchpoint, metric
