{#- Variables that were checked: whoever reads one gets a right value or one clear error,
    at parse time already. -#}

{% macro whole_number(name) %}{{ return(checked_whole_number(var(name), name ~ ' is')) }}{% endmacro %}

{% macro checked_whole_number(value, what) %}
    {%- if value is not integer or value is boolean or value < 1 -%}
        {%- do exceptions.raise_compiler_error("The variable " ~ what ~ " '" ~ value ~ "': it takes a whole number from 1.") -%}
    {%- endif -%}
    {{ return(value) }}
{% endmacro %}

{#- People below whom nothing of employees is shown: of one person everything would be. -#}
{% macro anonymity_min_n() %}
    {%- set people = whole_number('anonymity_min_n') -%}
    {%- if people < 2 -%}
        {%- do exceptions.raise_compiler_error("The variable anonymity_min_n is '1': it takes a whole number from 2, for a figure of one employee is that employee's.") -%}
    {%- endif -%}
    {{ return(people) }}
{% endmacro %}

{#- None where a daily run looks at every day of use. -#}
{% macro usage_lookback_days() %}
    {{ return(none if var('usage_lookback_days') is none else whole_number('usage_lookback_days')) }}
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

{#- Days a signal looks back, days after which a domain without news is stale, and days whose
    records are compared with those before. -#}
{% macro signal_window(key) %}{{ return(whole_number_of('signal_window_days', key)) }}{% endmacro %}

{% macro stale_after(domain) %}{{ return(whole_number_of('stale_after_days', domain)) }}{% endmacro %}

{% macro volume_window(domain) %}{{ return(whole_number_of('volume_window_days', domain)) }}{% endmacro %}

{% macro news_domains() %}{{ return(known_settings()['stale_after_days']) }}{% endmacro %}

{% macro share(name) %}{{ return(checked_share(var(name), name ~ ' is')) }}{% endmacro %}

{% macro checked_share(value, what) %}
    {%- if value is not number or value is boolean or value < 0 or value > 1 -%}
        {%- do exceptions.raise_compiler_error("The variable " ~ what ~ " '" ~ value ~ "': it takes a share from 0 to 1.") -%}
    {%- endif -%}
    {{ return(value) }}
{% endmacro %}

{#- A limit {rows, share, and shares for what is named}: with fewer rows nothing is judged. -#}
{% macro threshold(name) %}
    {%- do whole_number_of(name, 'rows') -%}
    {%- if 'share' not in var(name) -%}
        {%- do exceptions.raise_compiler_error(
            "The variable " ~ name ~ " has no share: a variable is replaced whole, so copy all its keys from dbt_project.yml."
        ) -%}
    {%- endif -%}
    {%- for key in var(name) if key != 'rows' -%}{%- do checked_share(var(name)[key], name ~ ' has ' ~ key ~ ':') -%}{%- endfor -%}
    {{ return(var(name)) }}
{% endmacro %}

{#- SQL: the share of a threshold that goes for the row, by a text column of its names. -#}
{% macro share_limit(name, key) -%}
    {%- set limits = threshold(name) -%}
    {%- set own = limits.keys() | reject('in', ['rows', 'share']) | list -%}
    {%- if not own -%}
        {{ limits['share'] }}
    {%- else -%}
        case {{ key }}
        {%- for name in own %} when '{{ name }}' then {{ limits[name] }}{% endfor %} else {{ limits['share'] }} end
    {%- endif -%}
{%- endmacro %}

{% macro time_zone() %}
    {%- set value = var('reporting_timezone') -%}
    {%- if value not in modules.pytz.all_timezones -%}
        {%- do exceptions.raise_compiler_error(
            "reporting_timezone '" ~ value ~ "' is no time zone: use an IANA name such as UTC or Europe/Berlin."
        ) -%}
    {%- endif -%}
    {{ return(value) }}
{% endmacro %}

{% macro reporting_currency() %}
    {%- set value = var('reporting_currency') -%}
    {%- if not modules.re.match('^[A-Z]{3}$', value | string) -%}
        {%- do exceptions.raise_compiler_error("reporting_currency is '" ~ value ~ "': it takes a currency code such as USD.") -%}
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

{#- In which order a vendor lands days whose year stands last: day_first, month_first, or none: such days are not read. -#}
{% macro day_order(vendor) %}
    {%- set order = var('landed_day_order').get(vendor) -%}
    {%- if order not in [none, 'day_first', 'month_first'] -%}
        {%- do exceptions.raise_compiler_error(
            "landed_day_order says '" ~ order ~ "' of " ~ vendor ~ ": it takes day_first (16/10/2026) or month_first (10/16/2026)."
        ) -%}
    {%- endif -%}
    {{ return(order) }}
{% endmacro %}
