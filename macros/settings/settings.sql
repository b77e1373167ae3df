{#- Variables that were checked: whoever reads one gets a right value or one clear error,
    at parse time already. -#}

{% macro whole_number(name) %}{{ return(checked_whole_number(var(name), name ~ ' is')) }}{% endmacro %}

{% macro checked_whole_number(value, what) %}
    {%- if value is not integer or value is boolean or value < 1 -%}
        {%- do exceptions.raise_compiler_error("The variable " ~ what ~ " '" ~ value ~ "': it takes a whole number from 1.") -%}
    {%- endif -%}
    {{ return(value) }}
{% endmacro %}

{#- One number of a variable that holds several, by key. -#}
{% macro whole_number_of(name, key) %}
    {%- set given = var(name) -%}
    {%- if given is not mapping or key not in given -%}
        {%- do exceptions.raise_compiler_error(
            "The variable " ~ name ~ " has no " ~ key ~ ": a variable is replaced whole, so copy all its keys from dbt_project.yml."
        ) -%}
    {%- endif -%}
    {{ return(checked_whole_number(given[key], name ~ ' has ' ~ key ~ ':')) }}
{% endmacro %}

{#- Days a signal looks back, and days after which a domain without news is stale. -#}
{% macro signal_window(key) %}{{ return(whole_number_of('signal_window_days', key)) }}{% endmacro %}

{% macro stale_after(domain) %}{{ return(whole_number_of('stale_after_days', domain)) }}{% endmacro %}

{% macro share(name) %}
    {%- set value = var(name) -%}
    {%- if value is not number or value is boolean or value < 0 or value > 1 -%}
        {%- do exceptions.raise_compiler_error("The variable " ~ name ~ " is '" ~ value ~ "': it takes a share from 0 to 1.") -%}
    {%- endif -%}
    {{ return(value) }}
{% endmacro %}

{% macro time_zone() %}
    {%- set value = var('reporting_timezone') -%}
    {%- if value not in modules.pytz.all_timezones -%}
        {%- do exceptions.raise_compiler_error(
            "reporting_timezone '" ~ value ~ "' is no time zone: use an IANA name such as UTC or Europe/Berlin."
        ) -%}
    {%- endif -%}
    {{ return(value) }}
{% endmacro %}

{% macro domains() %}{{ return(['survey', 'crm', 'support', 'usage', 'billing', 'employee']) }}{% endmacro %}

{#- The vendors that land a domain. There is no voice of the customer without answers and
    accounts; the other domains may be switched off. -#}
{% macro vendors(domain) %}
    {%- set listed = var(domain ~ '_vendors') -%}
    {%- if listed is string or listed is mapping or listed is not iterable -%}
        {%- do exceptions.raise_compiler_error(
            "The variable " ~ domain ~ "_vendors is '" ~ listed ~ "': it takes a list, for example [generic]."
        ) -%}
    {%- elif domain in ['survey', 'crm'] and not listed -%}
        {%- do exceptions.raise_compiler_error(
            domain ~ "_vendors is empty: there is no voice of the customer without answers (survey_vendors) and accounts "
            ~ "(crm_vendors). List a vendor, or generic to bring your own tables."
        ) -%}
    {%- endif -%}
    {{ return(listed) }}
{% endmacro %}
