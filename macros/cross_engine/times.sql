{#- All times are UTC without a zone; a day is cut in reporting_timezone. -#}
{% macro reporting_date(timestamp) %}
    {%- if time_zone() == 'UTC' -%}
        {{ return("cast(" ~ timestamp ~ " as date)") }}
    {%- else -%}
        {{ return("cast(" ~ utc_to_local(timestamp, "'" ~ time_zone() ~ "'") ~ " as date)") }}
    {%- endif -%}
{% endmacro %}

{#- First moment (UTC) after a day of reporting_timezone. -#}
{% macro day_close(date) %}
    {%- set midnight = dbt.dateadd('day', 1, 'cast(' ~ date ~ ' as ' ~ dbt.type_timestamp() ~ ')') -%}
    {{ return(midnight if time_zone() == 'UTC' else local_to_utc(midnight, "'" ~ time_zone() ~ "'")) }}
{% endmacro %}

{#- A time with zone as wall-clock time of the zone. -#}
{% macro to_time_zone(timestamptz, zone) %}{{ return(adapter.dispatch('to_time_zone')(timestamptz, zone)) }}{% endmacro %}

{% macro default__to_time_zone(timestamptz, zone) %}
    {{ return("timezone('" ~ zone ~ "', " ~ timestamptz ~ ")") }}
{% endmacro %}

{% macro spark__to_time_zone(timestamptz, zone) %}
    {{ return("cast(" ~ timestamptz ~ " as timestamp)") }}
{% endmacro %}

{% macro snowflake__to_time_zone(timestamptz, zone) %}
    {{ return("cast(convert_timezone('" ~ zone ~ "', " ~ timestamptz ~ ") as timestamp_ntz)") }}
{% endmacro %}

{% macro bigquery__to_time_zone(timestamptz, zone) %}{{ return(utc_to_local("cast(" ~ timestamptz ~ " as timestamp)", "'" ~ zone ~ "'")) }}{% endmacro %}

{#- UTC to wall clock and back; zone is a SQL expression with an IANA name. -#}
{% macro utc_to_local(timestamp, zone) %}{{ return(adapter.dispatch('utc_to_local')(timestamp, zone)) }}{% endmacro %}

{% macro default__utc_to_local(timestamp, zone) %}
    {{ return("timezone(" ~ zone ~ ", timezone('UTC', " ~ timestamp ~ "))") }}
{% endmacro %}

{% macro spark__utc_to_local(timestamp, zone) %}
    {{ return("from_utc_timestamp(" ~ timestamp ~ ", " ~ zone ~ ")") }}
{% endmacro %}

{% macro snowflake__utc_to_local(timestamp, zone) %}{{ return("convert_timezone('UTC', " ~ zone ~ ", " ~ timestamp ~ ")") }}{% endmacro %}

{#- A wall clock is kept as the moment at which UTC shows it. -#}
{% macro bigquery__utc_to_local(timestamp, zone) %}{{ return("timestamp(datetime(" ~ timestamp ~ ", " ~ zone ~ "))") }}{% endmacro %}

{% macro local_to_utc(timestamp, zone) %}{{ return(adapter.dispatch('local_to_utc')(timestamp, zone)) }}{% endmacro %}

{% macro default__local_to_utc(timestamp, zone) %}
    {{ return("timezone('UTC', timezone(" ~ zone ~ ", " ~ timestamp ~ "))") }}
{% endmacro %}

{% macro spark__local_to_utc(timestamp, zone) %}
    {{ return("to_utc_timestamp(" ~ timestamp ~ ", " ~ zone ~ ")") }}
{% endmacro %}

{% macro snowflake__local_to_utc(timestamp, zone) %}{{ return("convert_timezone(" ~ zone ~ ", 'UTC', " ~ timestamp ~ ")") }}{% endmacro %}

{% macro bigquery__local_to_utc(timestamp, zone) %}{{ return("timestamp(datetime(" ~ timestamp ~ "), " ~ zone ~ ")") }}{% endmacro %}

{#- Minutes between two times as a double, null when either is null. -#}
{% macro minutes_between(earlier, later) %}{{ return(adapter.dispatch('minutes_between')(earlier, later)) }}{% endmacro %}

{% macro default__minutes_between(earlier, later) %}
    {{ return("(date_diff('microsecond', " ~ earlier ~ ", " ~ later ~ ") / 60000000.0)") }}
{% endmacro %}

{% macro postgres__minutes_between(earlier, later) %}
    {{ return("cast(extract(epoch from (" ~ later ~ " - " ~ earlier ~ ")) / 60.0 as double precision)") }}
{% endmacro %}

{% macro spark__minutes_between(earlier, later) %}
    {{ return("(timestampdiff(microsecond, " ~ earlier ~ ", " ~ later ~ ") / 60000000.0D)") }}
{% endmacro %}

{% macro snowflake__minutes_between(earlier, later) %}
    {{ return("(cast(timestampdiff(microsecond, " ~ earlier ~ ", " ~ later ~ ") as double precision) / 60000000.0)") }}
{% endmacro %}

{% macro bigquery__minutes_between(earlier, later) %}
    {{ return("(timestamp_diff(" ~ later ~ ", " ~ earlier ~ ", microsecond) / 60000000.0)") }}
{% endmacro %}

{% macro redshift__minutes_between(earlier, later) %}
    {{ return("(cast(datediff(microsecond, " ~ earlier ~ ", " ~ later ~ ") as double precision) / 60000000.0)") }}
{% endmacro %}

{#- A time so many minutes later; its fraction of a second stays. -#}
{% macro add_minutes(timestamp, minutes) %}{{ return(adapter.dispatch('add_minutes')(timestamp, minutes)) }}{% endmacro %}

{% macro default__add_minutes(timestamp, minutes) %}
    {{ return("(" ~ timestamp ~ " + " ~ minutes ~ " * interval '1 minute')") }}
{% endmacro %}

{% macro spark__add_minutes(timestamp, minutes) %}{{ return("timestampadd(minute, " ~ minutes ~ ", " ~ timestamp ~ ")") }}{% endmacro %}

{% macro snowflake__add_minutes(timestamp, minutes) %}{{ return(spark__add_minutes(timestamp, minutes)) }}{% endmacro %}

{% macro bigquery__add_minutes(timestamp, minutes) %}
    {{ return("timestamp_add(" ~ timestamp ~ ", interval " ~ minutes ~ " minute)") }}
{% endmacro %}

{#- Add whole days to a date, a date out. -#}
{% macro add_days(date, days) %}
    {{ return("cast(" ~ dbt.dateadd('day', days, date) ~ " as date)") }}
{% endmacro %}

{#- A time or date, null where it is infinite. -#}
{% macro finite(time) %}{{ return(adapter.dispatch('finite')(time)) }}{% endmacro %}

{% macro default__finite(time) %}{{ return("nullif(nullif(" ~ time ~ ", 'infinity'), '-infinity')") }}{% endmacro %}

{% macro spark__finite(time) %}{{ return(time) }}{% endmacro %}

{% macro snowflake__finite(time) %}{{ return(time) }}{% endmacro %}

{% macro bigquery__finite(time) %}{{ return(time) }}{% endmacro %}

{% macro redshift__finite(time) %}{{ return(time) }}{% endmacro %}
