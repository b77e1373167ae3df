-- Grain: one row per period end and account with a ticket in one of the windows, by the day it was
-- made. Merged tickets are duplicates and out of everything. No tickets: null, for silence is not
-- satisfaction. Seats are the same on both sides of ticket_surge and cancel out.
{%- set recent_days, baseline_days = signal_window('tickets'), signal_window('ticket_baseline') %}
{%- set resolution_days, sla_days = signal_window('first_contact_resolution'), signal_window('sla_attainment') %}

with tickets as (

    select * from {{ ref('fct_tickets') }} where account_id is not null and not is_merged

),

first_subscribed as (

    select
        account_id,
        min(starts_on) as first_date
    from {{ ref('int_billing__subscriptions') }}
    group by account_id

),

-- before this day no tickets say nothing: the account was no customer yet
first_days as (

    select
        accounts.account_id,
        {{ largest([reporting_date('accounts.created_at'), 'first_subscribed.first_date']) }} as first_date
    from {{ ref('int_crm__accounts') }} as accounts
    left join first_subscribed on accounts.account_id = first_subscribed.account_id

),

counts as (

    select
        window_days.period_end,
        tickets.account_id,
        count(case when window_days.days_back < {{ recent_days }} then 1 end) as recent_tickets,
        count(case when window_days.days_back < {{ recent_days }} then tickets.ticket_type end) as recent_typed_tickets,
        count(
            case when window_days.days_back < {{ recent_days }} and {{ fold_case('tickets.ticket_type') }} in ('bug', 'incident') then 1 end
        )
            as recent_bugs,
        count(case
            when window_days.days_back >= {{ recent_days }} and window_days.days_back < {{ recent_days + baseline_days }} then 1
        end) as baseline_tickets,
        {{ share_true('case when window_days.days_back < ' ~ resolution_days ~ ' then tickets.is_first_contact_resolution end') }}
            as first_contact_resolution,
        {{ sla_attainment(when='window_days.days_back < ' ~ sla_days) }} as sla_attainment
    from tickets
    inner join {{ ref('int_policy__window_days') }} as window_days on tickets.created_date = window_days.date_day
    where window_days.days_back < {{ [recent_days + baseline_days, resolution_days, sla_days] | max }}
    group by window_days.period_end, tickets.account_id

)

select
    counts.period_end,
    counts.account_id,
    case
        when first_days.first_date > {{ add_days('counts.period_end', 1 - recent_days - baseline_days) }} then null
        else
            {{ as_double('nullif(counts.recent_tickets, 0)') }} * {{ baseline_days }}
            / (nullif(counts.baseline_tickets, 0) * {{ recent_days }}.0)
    end as ticket_surge,
    case when counts.recent_typed_tickets > 0 then {{ as_double('counts.recent_bugs') }} / counts.recent_tickets end as bug_share,
    counts.first_contact_resolution,
    counts.sla_attainment
from counts
inner join first_days on counts.account_id = first_days.account_id
