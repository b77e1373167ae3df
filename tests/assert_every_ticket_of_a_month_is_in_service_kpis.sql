-- Claim: service_kpis counts every ticket that was created in the months of the history, with a team or without; merged ones are left out.
with first_month as (

    select min(month_start) as first_date from {{ ref('int_periods') }}

),

tickets as (

    select count(*) as tickets
    from {{ ref('fct_tickets') }} as tickets
    cross join first_month
    where not tickets.is_merged and {{ reporting_date('tickets.created_at') }} >= first_month.first_date

),

counted as (

    select coalesce(sum(tickets), 0) as tickets from {{ ref('service_kpis') }}

)

select
    tickets.tickets,
    counted.tickets as counted
from tickets
cross join counted
where tickets.tickets <> counted.tickets
