{%- set first_day = modules.datetime.date(1990, 1, 1) %}
{%- set last_day = modules.datetime.date(as_of_date()[:4] | int + 1, 12, 31) %}

with numbers as (

    {{ dbt.generate_series((last_day - first_day).days + 1) }}

),

days as (

    select
        cast(generated_number as {{ dbt.type_int() }}) as day_number,
        {{ add_days("cast('" ~ first_day ~ "' as date)", 'cast(generated_number as ' ~ dbt.type_int() ~ ') - 1') }} as date_day
    from numbers

),

-- the first day is a Monday
calendar as (

    select
        date_day,
        mod(day_number - 1, 7) + 1 as day_of_week,
        cast({{ dbt.date_trunc('month', 'date_day') }} as date) as month_start_date,
        cast({{ dbt.last_day('date_day', 'month') }} as date) as month_end_date,
        cast({{ dbt.date_trunc('quarter', 'date_day') }} as date) as quarter_start_date
    from days

)

select
    date_day,
    {{ add_days('date_day', '1 - day_of_week') }} as week_start_date,
    month_start_date,
    month_end_date,
    quarter_start_date,
    cast(extract(year from date_day) as {{ sql_type('bigint') }}) as calendar_year,
    cast(extract(quarter from date_day) as {{ sql_type('bigint') }}) as quarter_of_year,
    cast(extract(month from date_day) as {{ sql_type('bigint') }}) as month_of_year,
    cast(extract(day from date_day) as {{ sql_type('bigint') }}) as day_of_month,
    cast(day_of_week as {{ sql_type('bigint') }}) as day_of_week,
    day_of_week >= 6 as is_weekend,
    date_day = month_end_date as is_month_end,
    date_day <= {{ as_of_date_sql() }} as is_up_to_as_of_date
from calendar
