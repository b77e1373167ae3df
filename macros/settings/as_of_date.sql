{#- The one clock of the project, as text YYYY-MM-DD: var as_of_date, else VOC_AS_OF_DATE in the environment (another day there is no
    new parse for dbt), else the last day of the demo, else today in reporting_timezone. Anything that is no date is an error. -#}
{% macro as_of_date() %}
    {%- set given = given_as_of_date() -%}
    {%- if given -%}
        {%- do assert_date(given, "the variable as_of_date" if var('as_of_date') else "VOC_AS_OF_DATE in the environment") -%}
        {{ return(given) }}
    {%- elif var('voc_demo') -%}
        {{ return('2026-06-30') }}
    {%- else -%}
        {%- set zone = modules.pytz.timezone(time_zone()) -%}
        {{ return(run_started_at.astimezone(zone).strftime('%Y-%m-%d')) }}
    {%- endif -%}
{% endmacro %}

{#- The day that somebody set; empty where nobody did. -#}
{% macro given_as_of_date() %}{{ return((var('as_of_date') or env_var('VOC_AS_OF_DATE', '')) | string | trim) }}{% endmacro %}

{% macro as_of_date_sql() %}cast('{{ as_of_date() }}' as date){% endmacro %}

{% macro assert_date(text, what) %}
    {%- set parts = modules.re.match('^([0-9]{4})-([0-9]{2})-([0-9]{2})$', text) -%}
    {%- set ok = namespace(value=false) -%}
    {%- if parts -%}
        {%- set year, month, day = parts.group(1) | int, parts.group(2) | int, parts.group(3) | int -%}
        {%- if year >= 1970 and year < 9999 and month >= 1 and month <= 12 -%}
            {%- set next_month = modules.datetime.date(year + month // 12, month % 12 + 1, 1) -%}
            {%- set last_day = (next_month - modules.datetime.timedelta(days=1)).day -%}
            {%- set ok.value = day >= 1 and day <= last_day -%}
        {%- endif -%}
    {%- endif -%}
    {%- if not ok.value -%}
        {%- do exceptions.raise_compiler_error(
            what ~ " is '" ~ text ~ "', which is no date. Write it as YYYY-MM-DD, for example 2026-06-30."
        ) -%}
    {%- endif -%}
{% endmacro %}

{#- 1 when the date is the last day of its month, else 0. -#}
{% macro is_month_end(text) %}
    {%- set day = modules.datetime.datetime.strptime(text, '%Y-%m-%d') -%}
    {{ return(1 if (day + modules.datetime.timedelta(days=1)).day == 1 else 0) }}
{% endmacro %}
