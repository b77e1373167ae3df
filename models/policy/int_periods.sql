-- Grain: one row per period end: the last day of each of the last history_months months, and
-- as_of_date itself (which may be one of them). History reads no other clock. quarter_before and
-- year_before are compared with: a month end with a month end, another day with the same day of a month.
{{ config(materialized='table') }}

{%- set month_start = as_of_date()[:8] ~ '01' %}
{%- set month_number = '1 - cast(generated_number as ' ~ dbt.type_int() ~ ')' %}

with numbers as (

    {{ dbt.generate_series(whole_number('history_months')) }}

),

month_ends as (

    select
        {{ add_days(dbt.dateadd('month', month_number, "cast('" ~ month_start ~ "' as date)"), -1) }} as period_end,
        generated_number
    from numbers

),

periods as (

    select period_end
    from month_ends
    where generated_number <= {{ whole_number('history_months') - is_month_end(as_of_date()) }}

    union distinct

    select {{ as_of_date_sql() }} as period_end

)

select
    period_end,
    cast({{ dbt.date_trunc('month', 'period_end') }} as date) as month_start,
    lag(period_end) over (order by period_end) as previous_period_end,
    {{ months_before('period_end', 3) }} as quarter_before,
    {{ months_before('period_end', 12) }} as year_before,
    period_end = cast({{ dbt.last_day('period_end', 'month') }} as date) as is_month_end,
    period_end = {{ as_of_date_sql() }} as is_as_of_date
from periods
