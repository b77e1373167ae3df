-- Claim: on as_of_date the company's rates are the averages of its cases, for clocks that still run are null there.
with recomputed as (

    select
        count(*) as cases,
        {{ share_true('is_followed_up_in_sla') }} as follow_up_rate,
        {{ share_true("case when metric = 'nps' then is_followed_up_in_sla end") }} as detractor_follow_up_rate,
        {{ share_true('is_closed_in_sla') }} as closed_in_sla_rate
    from {{ ref('feedback_cases') }}
    where
        {{ reporting_date('opened_at') }} > {{ add_days(as_of_date_sql(), '-' ~ whole_number('closed_loop_window_days')) }}
        and {{ reporting_date('opened_at') }} <= {{ as_of_date_sql() }}

),

published as (

    select * from {{ ref('closed_loop_kpis') }} where scope_type = 'company' and period_end = {{ as_of_date_sql() }}

)

select
    recomputed.*,
    published.follow_up_rate as published_rate
from recomputed
left join published on 1 = 1
where
    recomputed.cases <> coalesce(published.cases, 0)
    or abs(recomputed.follow_up_rate - published.follow_up_rate) > 0.000001
    or abs(recomputed.detractor_follow_up_rate - published.detractor_follow_up_rate) > 0.000001
    or abs(recomputed.closed_in_sla_rate - published.closed_in_sla_rate) > 0.000001
    or (recomputed.follow_up_rate is null) <> (published.follow_up_rate is null)
    or (recomputed.detractor_follow_up_rate is null) <> (published.detractor_follow_up_rate is null)
    or (recomputed.closed_in_sla_rate is null) <> (published.closed_in_sla_rate is null)
