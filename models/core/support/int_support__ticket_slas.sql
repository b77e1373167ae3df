-- Grain: one row per ticket: the targets that apply and whether they were met. A target the
-- vendor applied to the ticket wins over the seed sla_targets. A clock that still runs breaks
-- its target once it is beyond it, and says nothing before. Who was solved without an answer and came back has waited in vain: as long
-- as nobody answers, the first reply is missed.
{%- set clocks_of_metrics = [('first_reply', 'first_replied_at', 'reply'), ('resolution', 'solved_at', 'resolution')] %}

with tickets as (

    select * from {{ ref('int_support__tickets') }}

),

clocks as (

    select * from {{ ref('int_support__ticket_business_minutes') }}

),

vendor_targets as (

    select *
    from {{ ref('int_support__ticket_sla_targets_checked') }}
    where quarantine_reason is null and nth_latest = 1

),

policy_targets as (

    select
        *,
        lead(valid_from) over (partition by severity, metric order by valid_from) as valid_to
    from {{ ref('sla_targets') }}

),

-- both clocks of a ticket side by side: one above the other they would have to be grouped again
targets as (

    select
        {%- for metric, reached_at, clock in clocks_of_metrics %}
        coalesce({{ metric }}_vendor.target_minutes, {{ metric }}_policy.target_minutes) as {{ metric }}_target_minutes,
        case
            when {{ metric }}_vendor.ticket_id is not null then coalesce({{ metric }}_vendor.is_business_hours, false)
            else {{ metric }}_policy.is_business_hours
        end as is_{{ metric }}_target_in_business_hours,
        tickets.{{ reached_at }} is not null as is_{{ metric }}_reached,
        clocks.{{ clock }}_clock_minutes as {{ metric }}_calendar_minutes,
        clocks.{{ clock }}_clock_business_minutes as {{ metric }}_business_minutes,
        {%- endfor %}
        tickets.has_reply_log and tickets.first_replied_at is null and coalesce(tickets.reopens > 0, false) as came_back_unanswered,
        tickets.ticket_id
    from tickets
    inner join clocks on tickets.ticket_id = clocks.ticket_id
    {%- for metric, reached_at, clock in clocks_of_metrics %}
    left join vendor_targets as {{ metric }}_vendor
        on
            tickets.source_vendor = {{ metric }}_vendor.source_vendor
            and tickets.ticket_id = {{ metric }}_vendor.ticket_id
            and {{ metric }}_vendor.metric = '{{ metric }}'
    left join policy_targets as {{ metric }}_policy
        on
            tickets.severity = {{ metric }}_policy.severity
            and {{ metric }}_policy.metric = '{{ metric }}'
            and {{ reporting_date('tickets.created_at') }} >= {{ metric }}_policy.valid_from
            and ({{ metric }}_policy.valid_to is null or {{ reporting_date('tickets.created_at') }} < {{ metric }}_policy.valid_to)
    {%- endfor %}

),

timed as (

    select
        {%- for metric, reached_at, clock in clocks_of_metrics %}
        {{ metric }}_target_minutes,
        is_{{ metric }}_target_in_business_hours,
        is_{{ metric }}_reached,
        round(
            cast(
                case when is_{{ metric }}_target_in_business_hours then {{ metric }}_business_minutes else {{ metric }}_calendar_minutes end
                as numeric(18, 9)
            ),
            6
        ) as {{ metric }}_minutes,
        {%- endfor %}
        came_back_unanswered,
        ticket_id
    from targets

)

select
    {%- for metric, reached_at, clock in clocks_of_metrics %}
    {{ metric }}_target_minutes,
    is_{{ metric }}_target_in_business_hours,
    case
        {%- if metric == 'first_reply' %}
        when came_back_unanswered and {{ metric }}_target_minutes is not null then false
        {%- endif %}
        when {{ metric }}_minutes > {{ metric }}_target_minutes then false
        when is_{{ metric }}_reached and {{ metric }}_minutes <= {{ metric }}_target_minutes then true
    end as is_{{ metric }}_sla_met,
    {%- endfor %}
    ticket_id
from timed
