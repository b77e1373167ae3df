-- Tickets count in the month in which they were created, whoever finished them when; answers in the month in which they were
-- given. Tickets merged into others are duplicates and count nowhere.
with tickets as (

    select
        *,
        {{ month_period(reporting_date('created_at')) }} as period_end,
        coalesce(is_first_reply_sla_met, true) and coalesce(is_resolution_sla_met, true) as is_no_sla_missed,
        coalesce(is_first_reply_sla_met, is_resolution_sla_met) is not null and csat_score_pomp is not null as is_sla_and_csat_known
    from {{ ref('fct_tickets') }}
    where not is_merged and team_id is not null

),

ticket_figures as (

    select
        period_end,
        team_id,
        count(*) as tickets,
        count(case when is_solved then 1 end) as solved,
        {{ median_of('queue_minutes') }} as median_queue_minutes,
        {{ median_of('first_reply_minutes') }} as median_first_reply_minutes,
        {{ median_of('first_reply_business_minutes') }} as median_first_reply_business_minutes,
        {{ median_of('resolution_minutes') }} as median_resolution_minutes,
        {{ median_of('resolution_business_minutes') }} as median_resolution_business_minutes,
        count(is_first_reply_sla_met) as first_reply_sla_tickets,
        {{ share_true('is_first_reply_sla_met') }} as first_reply_sla_rate,
        count(is_resolution_sla_met) as resolution_sla_tickets,
        {{ share_true('is_resolution_sla_met') }} as resolution_sla_rate,
        {{ sla_attainment() }} as sla_attainment,
        count(is_first_contact_resolution) as first_contact_judged_tickets,
        {{ share_true('is_first_contact_resolution') }} as first_contact_resolution_rate,
        {{ share_true('is_repeat_contact') }} as repeat_contact_rate,
        count(case when reopens > 0 then 1 end) as reopened,
        count(case when is_sla_and_csat_known then 1 end) as sla_and_csat_tickets,
        count(case when is_sla_and_csat_known and is_no_sla_missed then 1 end) as sla_met_and_rated_tickets,
        count(case when is_sla_and_csat_known and is_no_sla_missed and is_low_csat then 1 end) as sla_met_but_dissatisfied
    from tickets
    group by period_end, team_id

),

voice as (

    select * from {{ ref('int_service__team_voice') }}

),

team_months as (

    select period_end, team_id from ticket_figures
    union
    select period_end, team_id from voice

)

select
    team_months.period_end,
    periods.month_start as period_start,
    team_months.team_id,
    teams.team_name,
    teams.department,
    coalesce(ticket_figures.tickets, 0) as tickets,
    coalesce(ticket_figures.solved, 0) as solved,
    coalesce(ticket_figures.reopened, 0) as reopened,
    ticket_figures.median_queue_minutes,
    ticket_figures.median_first_reply_minutes,
    ticket_figures.median_first_reply_business_minutes,
    ticket_figures.median_resolution_minutes,
    ticket_figures.median_resolution_business_minutes,
    coalesce(ticket_figures.first_reply_sla_tickets, 0) as first_reply_sla_tickets,
    ticket_figures.first_reply_sla_rate,
    coalesce(ticket_figures.resolution_sla_tickets, 0) as resolution_sla_tickets,
    ticket_figures.resolution_sla_rate,
    ticket_figures.sla_attainment,
    coalesce(ticket_figures.first_contact_judged_tickets, 0) as first_contact_judged_tickets,
    ticket_figures.first_contact_resolution_rate,
    ticket_figures.repeat_contact_rate,
    coalesce(voice.csat_responses, 0) as csat_responses,
    {{ share_of('voice.csat_top_box', 'voice.csat_responses') }} as csat_rate,
    {{ wilson_bound('voice.csat_top_box', 'voice.csat_responses', -1) }} as csat_ci_low,
    {{ wilson_bound('voice.csat_top_box', 'voice.csat_responses', 1) }} as csat_ci_high,
    coalesce(voice.ces_responses, 0) as ces_responses,
    voice.ces_score_pomp,
    {{ share_of('voice.ces_top_box', 'voice.ces_responses') }} as easy_rate,
    100.0 * ticket_figures.sla_attainment - 100.0 * {{ share_of('voice.csat_top_box', 'voice.csat_responses') }} as delivery_gap,
    coalesce(ticket_figures.sla_and_csat_tickets, 0) as sla_and_csat_tickets,
    coalesce(ticket_figures.sla_met_and_rated_tickets, 0) as sla_met_and_rated_tickets,
    coalesce(ticket_figures.sla_met_but_dissatisfied, 0) as sla_met_but_dissatisfied_tickets,
    {{ share_of('ticket_figures.sla_met_but_dissatisfied', 'ticket_figures.sla_and_csat_tickets') }}
        as sla_met_but_dissatisfied_share,
    coalesce(voice.csat_responses, 0) >= {{ whole_number('min_reportable_responses') }} as is_csat_reportable,
    coalesce(ticket_figures.tickets, 0) >= {{ whole_number('min_reportable_responses') }} as is_reportable
from team_months
inner join {{ ref('int_periods') }} as periods on team_months.period_end = periods.period_end
inner join {{ ref('dim_teams') }} as teams on team_months.team_id = teams.team_id
left join ticket_figures on team_months.period_end = ticket_figures.period_end and team_months.team_id = ticket_figures.team_id
left join voice on team_months.period_end = voice.period_end and team_months.team_id = voice.team_id
