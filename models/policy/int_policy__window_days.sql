-- Grain: one row per period end and day of the longest window before it. days_back is 0 on the
-- period end itself: a window of n days is days_back < n. Facts join on their day, not on a range.
{{ config(materialized='table') }}

{%- set windows = [
    signal_window('usage'), signal_window('tickets') + signal_window('ticket_baseline'), signal_window('effort'),
    signal_window('satisfaction'), signal_window('qbr_pulse'), signal_window('payment_timeliness'), signal_window('first_contact_resolution'),
    signal_window('sla_attainment'),
] %}

with numbers as (

    {{ dbt.generate_series(windows | max) }}

),

days as (

    select cast(generated_number as {{ dbt.type_int() }}) - 1 as days_back
    from numbers

)

select
    periods.period_end,
    {{ add_days('periods.period_end', '-1 * days.days_back') }} as date_day,
    days.days_back
from {{ ref('int_periods') }} as periods
cross join days
