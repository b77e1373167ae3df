{#- Use of Pendo as CTEs: events has one row per landed event or bucket, with its day, and with the account of its visitor where it
    names none and the visitor ever had only one. -#}
{% macro pendo_events() -%}
{%- set event = landed('pendo', 'event') %}
{%- set page_event = landed('pendo', 'page_event') %}
{%- set feature_event = landed('pendo', 'feature_event') %}
{%- set ds_event = landed('pendo', 'ds_event', in_demo=false) %}
{%- set ds_feature_event = landed('pendo', 'ds_feature_event', in_demo=false) %}
{%- set visitor = landed('pendo', 'visitor_history') %}
{%- set visitor_account = landed('pendo', 'visitor_account_history') %}

{#- Buckets keep the day Pendo put them in: a daily bucket has no hour to move by a time zone. -#}
{%- set times = ['timestamp', 'browser_timestamp', 'browser_time'] %}
{%- set marked = ['account_id', 'visitor_id', times, 'num_events', 'num_minutes', loader_columns()] %}
{%- set alike = ['account_id', 'visitor_id', times, 'num_events', 'num_minutes', 'app_id', 'page_id', 'server_name', 'remote_ip', 'user_agent'] %}
{%- set streams = [] %}
{%- for single, grouped in [(ds_event, event if event.exists else page_event), (ds_feature_event, feature_event)] %}
{%- set single_day = reporting_date(field(single, times, 'timestamp')) %}
{%- set grouped_day = 'cast(' ~ field(grouped, times, 'timestamp') ~ ' as date)' %}
{%- set first_day = '(select min(' ~ single_day ~ ') from ' ~ landed_from(single) ~ ')' %}
{%- set before = grouped_day ~ ' < coalesce(' ~ first_day ~ ", date '9999-12-31')" %}
{%- set is_feature = loop.last | lower %}
{%- if single.exists %}
{%- do streams.append({'table': single, 'day': single_day, 'is_feature': is_feature, 'condition': 'true'}) %}
{%- endif %}
{%- if grouped.exists or not single.exists %}
{%- set condition = '(' ~ before ~ ' or ' ~ grouped_day ~ ' is null)' if single.exists else 'true' %}
{%- do streams.append({'table': grouped, 'day': grouped_day, 'is_feature': is_feature, 'condition': condition}) %}
{%- endif %}
{%- endfor %}

with visitor_links as (

    select
        {{ field(visitor, 'id') }} as visitor_id,
        {{ field(visitor, 'account_id') }} as account_id
    from {{ landed_from(visitor) }}
    where {{ live_rows(visitor, history=true, keep_deleted=true) }}

    union all

    select
        {{ field(visitor_account, 'visitor_id') }} as visitor_id,
        {{ field(visitor_account, 'account_id') }} as account_id
    from {{ landed_from(visitor_account) }}
    where {{ live_rows(visitor_account, history=true, keep_deleted=true) }}

),

visitor_accounts as (

    select
        visitor_id,
        min(account_id) as account_id
    from visitor_links
    group by visitor_id
    having count(distinct account_id) = 1

),

buckets as {{ inlined() }}(

    {% for stream in streams -%}
    {{ 'union all' if not loop.first }}
    select
        {{ field(stream.table, 'account_id') }} as landed_account_id,
        case when {{ field(stream.table, 'account_id') }} is null then {{ field(stream.table, 'visitor_id', required=true) }} end
            as visitor_without_account,
        {{ field(stream.table, 'visitor_id', required=true) }} as product_user_id,
        {{ stream.day }} as usage_date,
        {% if stream.is_feature == 'true' -%}
        {{ field(stream.table, 'feature_id', required=true) }} as feature_id,
        {%- else -%}
        cast(null as {{ sql_type('string') }}) as feature_id,
        {%- endif %}
        {{ stream.is_feature }} as is_feature,
        coalesce({{ field(stream.table, 'num_events', 'bigint') }}, 1) as events,
        {{ field(stream.table, 'num_minutes', 'numeric(18,2)') }} as minutes,
        {{ parse_errors(stream.table) }} as parse_errors,
        {{ loaded_at(stream.table) }} as loaded_at,
        {{ pendo_event_key(stream.table, alike + (['feature_id'] if stream.is_feature == 'true' else [])) }} as event_key,
        {{ landed_mark(stream.table, marked + (['feature_id'] if stream.is_feature == 'true' else [])) }} as bucket_mark
    from {{ landed_from(stream.table) }}
    where
        {{ live_rows(stream.table) }}
        and {{ stream.condition }}
    {% endfor %}

),

events as {{ inlined() }}(

    select
        coalesce(buckets.landed_account_id, visitor_accounts.account_id) as product_account_id,
        buckets.product_user_id,
        buckets.usage_date,
        buckets.feature_id,
        buckets.parse_errors,
        buckets.is_feature,
        buckets.events,
        buckets.minutes,
        buckets.loaded_at,
        buckets.event_key,
        buckets.bucket_mark
    from buckets
    left join visitor_accounts on buckets.visitor_without_account = visitor_accounts.visitor_id

)
{%- endmacro %}

{#- The same for copies of one event or bucket: those of one key, or where no key landed those that are alike in all but when they were loaded. -#}
{% macro pendo_event_key(landed, columns) %}
    {%- set key, alike = landed_key(landed), [] -%}
    {%- for names in columns -%}
        {%- set column = landed_column(landed, names) -%}
        {%- if column -%}{%- do alike.append(quoted_column(column)) -%}{%- endif -%}
    {%- endfor -%}
    {{ return(key_mark([key] if key else alike) if key or alike else 'cast(0 as ' ~ sql_type('bigint') ~ ')') }}
{% endmacro %}

{#- What an event adds to the mark of its day: as it landed, and the account that its visitor may have given it. -#}
{% macro pendo_event_mark() %}
    {{ return(row_mark(['bucket_mark', 'product_account_id', 'is_feature'])) }}
{% endmacro %}

{#- A visitor that the product identified; Pendo names the others _PENDO_T_ and a number of the browser. -#}
{% macro pendo_known_visitor(visitor_id) -%}
case when {{ upper_code('substring(' ~ visitor_id ~ ', 1, 9)') }} <> '_PENDO_T_' then {{ visitor_id }} end
{%- endmacro %}
