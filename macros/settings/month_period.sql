{#- The period end of int_periods whose month holds a date: its last day, or as_of_date in the month that still runs. -#}
{% macro month_period(date) -%}
    {%- set month_end = 'cast(' ~ dbt.last_day(date, 'month') ~ ' as date)' -%}
case when {{ month_end }} > {{ as_of_date_sql() }} then {{ as_of_date_sql() }} else {{ month_end }} end
{%- endmacro %}
