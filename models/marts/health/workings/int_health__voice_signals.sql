-- Grain: one row per period end and account with an answer on effort or satisfaction, or a rating
-- by our people in the window. An answer after a business review is one on satisfaction too. Anonymous answers are no account's voice.
{%- set effort_days, satisfaction_days, qbr_days = signal_window('effort'), signal_window('satisfaction'), signal_window('qbr_pulse') %}

with answers as (

    select
        account_id,
        responded_date as date_day,
        case metric when 'ces' then score_pomp end as effort_score,
        case metric when 'csat' then score_pomp end as satisfaction_score,
        case when metric = 'csat' and touchpoint = 'qbr' then score_pomp end as qbr_score
    from {{ ref('int_survey__responses') }}
    where
        not is_anonymous
        and account_id is not null
        and metric in ('ces', 'csat')

),

ratings as (

    select
        account_id,
        {{ reporting_date('occurred_at') }} as date_day,
        cast(null as {{ sql_type('double precision') }}) as effort_score,
        cast(null as {{ sql_type('double precision') }}) as satisfaction_score,
        {{ score_pomp('rating', '1.0', '5.0', 'true') }} as qbr_score
    from {{ ref('int_crm__activities') }}
    where account_id is not null and rating is not null

),

voices as (

    select * from answers
    union all
    select * from ratings

)

select
    window_days.period_end,
    voices.account_id,
    {{ exact_mean('case when window_days.days_back < ' ~ effort_days ~ ' then voices.effort_score end') }} as effort,
    {{ exact_mean('case when window_days.days_back < ' ~ satisfaction_days ~ ' then voices.satisfaction_score end') }} as satisfaction,
    {{ exact_mean('case when window_days.days_back < ' ~ qbr_days ~ ' then voices.qbr_score end') }} as qbr_pulse
from voices
inner join {{ ref('int_policy__window_days') }} as window_days on voices.date_day = window_days.date_day
where
    (voices.effort_score is not null and window_days.days_back < {{ effort_days }})
    or (voices.satisfaction_score is not null and window_days.days_back < {{ satisfaction_days }})
    or (voices.qbr_score is not null and window_days.days_back < {{ qbr_days }})
group by window_days.period_end, voices.account_id
