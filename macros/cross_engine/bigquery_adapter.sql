{#- What dbt's own BigQuery adapter gives as a time of another type: here every time is a timestamp. -#}

{% macro bigquery__dateadd(datepart, interval, from_date_or_timestamp) %}
    {{ return("cast(datetime_add(cast(" ~ from_date_or_timestamp ~ " as datetime), interval (" ~ interval ~ ") " ~ datepart ~ ") as timestamp)") }}
{% endmacro %}
