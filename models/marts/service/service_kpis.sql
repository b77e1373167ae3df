-- Tickets count in the month in which they were created, whoever finished them when; answers in the month in which they were
-- given. Tickets merged into others are duplicates and count nowhere; those that nobody took are `unknown`'s.
with tickets as (

    select
        *,
        coalesce(team_id, 'unknown') as kpi_team_id,
        {{ month_period(reporting_date('created_at')) }} as period_end,
        coalesce(is_first_reply_sla_met, true) and coalesce(is_resolution_sla_met, true) as is_no_sla_missed,
        coalesce(is_first_reply_sla_met, is_resolution_sla_met) is not null and csat_score_pomp is not null as is_sla_and_csat_known
    from {{ ref('fct_tickets') }}
    where not is_merged

),

ticket_counts as (

    select
        period_end,
        kpi_team_id as team_id,
        count(*) as tickets,
        count(case when is_solved then 1 end) as solved,
        count(case when reopens > 0 then 1 end) as reopened,
        {{ median_of('queue_minutes') }} as median_queue_minutes,
        {{ median_of('first_reply_minutes') }} as median_first_reply_minutes,
        {{ median_of('first_reply_business_minutes') }} as median_first_reply_business_minutes,
        {{ median_of('resolution_minutes') }} as median_resolution_minutes,
        {{ median_of('resolution_business_minutes') }} as median_resolution_business_minutes,
        count(is_first_reply_sla_met) as first_reply_sla_tickets,
        count(case when is_first_reply_sla_met then 1 end) as first_reply_sla_met,
        count(is_resolution_sla_met) as resolution_sla_tickets,
        count(case when is_resolution_sla_met then 1 end) as resolution_sla_met,
        {{ sla_attainment() }} as sla_attainment,
        count(is_first_contact_resolution) as first_contact_judged_tickets,
        count(case when is_first_contact_resolution then 1 end) as first_contact_resolutions,
        count(is_repeat_contact) as repeat_contact_judged_tickets,
        count(case when is_repeat_contact then 1 end) as repeat_contacts,
        count(case when is_sla_and_csat_known then 1 end) as sla_and_csat_tickets,
        count(case when is_sla_and_csat_known and is_no_sla_missed then 1 end) as sla_met_and_rated_tickets,
        count(case when is_sla_and_csat_known and is_no_sla_missed and is_low_csat then 1 end) as sla_met_but_dissatisfied_tickets
    from tickets
    group by period_end, kpi_team_id

),

-- customers of one account judge alike, so that their tickets are no independent ones
rated_clusters as (

    select
        period_end,
        kpi_team_id as team_id,
        {{ cluster_key('ticket_id') }} as cluster_key,
        count(*) as rated,
        count(case when is_no_sla_missed and is_low_csat then 1 end) as dissatisfied
    from tickets
    where is_sla_and_csat_known
    group by 1, 2, 3

),

rated_tickets as (

    select
        period_end,
        team_id,
        {{ effective_cases('dissatisfied', 'rated') }} as effective_tickets
    from rated_clusters
    group by period_end, team_id

),

voice as (

    select * from {{ ref('int_service__team_voice') }}

),

team_months as (

    select period_end, team_id from ticket_counts
    union distinct
    select period_end, team_id from voice

)

select
    team_months.period_end,
    periods.month_start as period_start,
    team_months.team_id,
    teams.team_name,
    teams.department,
    coalesce(ticket_counts.tickets, 0) as tickets,
    coalesce(ticket_counts.solved, 0) as solved,
    coalesce(ticket_counts.reopened, 0) as reopened,
    ticket_counts.median_queue_minutes,
    ticket_counts.median_first_reply_minutes,
    ticket_counts.median_first_reply_business_minutes,
    ticket_counts.median_resolution_minutes,
    ticket_counts.median_resolution_business_minutes,
    coalesce(ticket_counts.first_reply_sla_tickets, 0) as first_reply_sla_tickets,
    {{ rate_with_interval('first_reply_sla', 'ticket_counts.first_reply_sla_met', 'ticket_counts.first_reply_sla_tickets') }},
    coalesce(ticket_counts.resolution_sla_tickets, 0) as resolution_sla_tickets,
    {{ rate_with_interval('resolution_sla', 'ticket_counts.resolution_sla_met', 'ticket_counts.resolution_sla_tickets') }},
    ticket_counts.sla_attainment,
    coalesce(ticket_counts.first_contact_judged_tickets, 0) as first_contact_judged_tickets,
    {{ rate_with_interval(
        'first_contact_resolution', 'ticket_counts.first_contact_resolutions', 'ticket_counts.first_contact_judged_tickets'
    ) }},
    coalesce(ticket_counts.repeat_contact_judged_tickets, 0) as repeat_contact_judged_tickets,
    {{ rate_with_interval('repeat_contact', 'ticket_counts.repeat_contacts', 'ticket_counts.repeat_contact_judged_tickets') }},
    coalesce(voice.csat_responses, 0) as csat_responses,
    voice.csat_effective_responses,
    {{ rate_with_interval('csat', 'voice.csat_top_box', 'voice.csat_responses', effective='voice.csat_effective_responses') }},
    coalesce(voice.ces_responses, 0) as ces_responses,
    voice.ces_score_pomp,
    voice.ces_effective_responses,
    {{ rate_with_interval('easy', 'voice.ces_top_box', 'voice.ces_responses', effective='voice.ces_effective_responses') }},
    100.0 * ticket_counts.sla_attainment - 100.0 * {{ share_of('voice.csat_top_box', 'voice.csat_responses') }} as delivery_gap,
    coalesce(ticket_counts.sla_and_csat_tickets, 0) as sla_and_csat_tickets,
    coalesce(ticket_counts.sla_met_and_rated_tickets, 0) as sla_met_and_rated_tickets,
    coalesce(ticket_counts.sla_met_but_dissatisfied_tickets, 0) as sla_met_but_dissatisfied_tickets,
    {{ rate_with_interval(
        'sla_met_but_dissatisfied',
        'ticket_counts.sla_met_but_dissatisfied_tickets',
        'ticket_counts.sla_and_csat_tickets',
        rate='sla_met_but_dissatisfied_share',
        effective='rated_tickets.effective_tickets'
    ) }},
    {{ is_reportable('voice.csat_responses') }} as is_csat_reportable,
    {{ is_reportable('ticket_counts.tickets') }} as is_reportable
from team_months
inner join {{ ref('int_periods') }} as periods on team_months.period_end = periods.period_end
left join {{ ref('dim_teams') }} as teams on team_months.team_id = teams.team_id
left join ticket_counts on team_months.period_end = ticket_counts.period_end and team_months.team_id = ticket_counts.team_id
left join rated_tickets on team_months.period_end = rated_tickets.period_end and team_months.team_id = rated_tickets.team_id
left join voice on team_months.period_end = voice.period_end and team_months.team_id = voice.team_id
