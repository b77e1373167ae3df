{#- The period end of int_periods whose month holds a date: its last day, or as_of_date in the month that still runs. -#}
{% macro month_period(date) -%}
    {%- set month_end = 'cast(' ~ dbt.last_day(date, 'month') ~ ' as date)' -%}
case when {{ month_end }} > {{ as_of_date_sql() }} then {{ as_of_date_sql() }} else {{ month_end }} end
{%- endmacro %}

{#- The day so many months before: of a month end a month end, of another day the same day of its month. -#}
{% macro months_before(day, months) -%}
    {%- set before = dbt.dateadd('month', -months, day) -%}
cast(
        case when {{ day }} = cast({{ dbt.last_day(day, 'month') }} as date) then {{ dbt.last_day(before, 'month') }} else {{ before }} end
        as date
    )
{%- endmacro %}
