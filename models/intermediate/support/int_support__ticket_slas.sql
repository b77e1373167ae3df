-- Grain: one row per ticket: the targets that apply and whether they were met. A target the
-- vendor applied to the ticket wins over the seed sla_targets. A clock that still runs breaks
-- its target once it is beyond it, and says nothing before.
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

targets as (

    {% for metric in ['first_reply', 'resolution'] -%}
    select
        tickets.ticket_id,
        '{{ metric }}' as metric,
        coalesce(vendor_targets.target_minutes, policy_targets.target_minutes) as target_minutes,
        case
            when vendor_targets.ticket_id is not null then coalesce(vendor_targets.is_business_hours, false)
            else policy_targets.is_business_hours
        end as is_business_hours,
        {% if metric == 'first_reply' -%}
        tickets.first_replied_at is not null as is_reached,
        clocks.reply_clock_minutes as clock_minutes,
        clocks.reply_clock_business_minutes as clock_business_minutes
        {%- else -%}
        tickets.solved_at is not null as is_reached,
        clocks.resolution_clock_minutes as clock_minutes,
        clocks.resolution_clock_business_minutes as clock_business_minutes
        {%- endif %}
    from tickets
    inner join clocks on tickets.ticket_id = clocks.ticket_id
    left join vendor_targets
        on
            tickets.source_vendor = vendor_targets.source_vendor
            and tickets.ticket_id = vendor_targets.ticket_id
            and vendor_targets.metric = '{{ metric }}'
    left join policy_targets
        on
            tickets.severity = policy_targets.severity
            and policy_targets.metric = '{{ metric }}'
            and {{ reporting_date('tickets.created_at') }} >= policy_targets.valid_from
            and (policy_targets.valid_to is null or {{ reporting_date('tickets.created_at') }} < policy_targets.valid_to)
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

timed as (

    select
        *,
        round(
            cast(case when is_business_hours then clock_business_minutes else clock_minutes end as numeric(18, 9)), 6
        ) as minutes
    from targets

),

judged as (

    select
        *,
        case
            when minutes > target_minutes then false
            when is_reached and minutes <= target_minutes then true
        end as is_met
    from timed

)

select
    ticket_id,
    max(case when metric = 'first_reply' then target_minutes end) as first_reply_target_minutes,
    {{ dbt.bool_or("case when metric = 'first_reply' then is_business_hours end") }} as is_first_reply_target_in_business_hours,
    {{ dbt.bool_or("case when metric = 'first_reply' then is_met end") }} as is_first_reply_sla_met,
    max(case when metric = 'resolution' then target_minutes end) as resolution_target_minutes,
    {{ dbt.bool_or("case when metric = 'resolution' then is_business_hours end") }} as is_resolution_target_in_business_hours,
    {{ dbt.bool_or("case when metric = 'resolution' then is_met end") }} as is_resolution_sla_met
from judged
group by ticket_id
