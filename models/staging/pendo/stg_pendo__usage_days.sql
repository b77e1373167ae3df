-- Grain: one row per account, visitor, day and tagged feature, and one without a feature per
-- account, visitor and day. The row without a feature carries the visit and every event that no
-- feature row counts, so that events add up to Pendo's total: event holds page views and feature
-- clicks too, hence page_event is read only where event is not landed. Pendo counts no sessions:
-- a day of use is one visit. One pass: each event is grouped here, before anything joins. Clicks that name no feature stand
-- without a key: they are set aside, and are in the total of event as they are.
{{ config(enabled=is_listed('usage', 'pendo')) }}
{%- set event = landed('pendo', 'event') %}
{%- set page_event = landed('pendo', 'page_event') %}
{%- set feature_event = landed('pendo', 'feature_event') %}
{%- set ds_event = landed('pendo', 'ds_event', in_demo=false) %}
{%- set ds_feature_event = landed('pendo', 'ds_feature_event', in_demo=false) %}
{%- set visitor = landed('pendo', 'visitor_history') %}
{%- set visitor_account = landed('pendo', 'visitor_account_history') %}

{#- Buckets keep the day Pendo put them in: a daily bucket has no hour to move by a time zone. -#}
{%- set times = ['timestamp', 'browser_timestamp', 'browser_time'] %}
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

buckets as (

    {% for stream in streams -%}
    {{ 'union all' if not loop.first }}
    select
        {{ field(stream.table, 'account_id') }} as landed_account_id,
        {{ field(stream.table, 'visitor_id', required=true) }} as product_user_id,
        {{ stream.day }} as usage_date,
        {% if stream.is_feature == 'true' -%}
        {{ field(stream.table, 'feature_id', required=true) }} as feature_id,
        {%- else -%}
        cast(null as {{ sql_type('string') }}) as feature_id,
        {%- endif %}
        {{ parse_errors(stream.table, [(times, 'timestamp'), ('num_events', 'bigint'), ('num_minutes', 'numeric(18,2)')]) }}
            as parse_errors,
        {{ stream.is_feature }} as is_feature,
        coalesce({{ field(stream.table, 'num_events', 'bigint') }}, 1) as events,
        {{ field(stream.table, 'num_minutes', 'numeric(18,2)') }} as minutes,
        {{ loaded_at(stream.table) }} as loaded_at
    from {{ landed_from(stream.table) }}
    where
        {{ live_rows(stream.table) }}
        and {{ stream.condition }}
    {% endfor %}

),

event_days as (

    select
        landed_account_id,
        product_user_id,
        usage_date,
        feature_id,
        parse_errors,
        is_feature,
        sum(events) as events,
        sum(minutes) as minutes,
        max(loaded_at) as loaded_at
    from buckets
    group by landed_account_id, product_user_id, usage_date, feature_id, parse_errors, is_feature

),

-- an event without an account belongs to the visitor's account when the visitor ever had only one
account_days as (

    select
        coalesce(event_days.landed_account_id, visitor_accounts.account_id) as product_account_id,
        event_days.product_user_id,
        event_days.usage_date,
        event_days.feature_id,
        event_days.parse_errors,
        event_days.is_feature,
        event_days.events,
        event_days.minutes,
        event_days.loaded_at
    from event_days
    left join visitor_accounts on event_days.product_user_id = visitor_accounts.visitor_id

),

rolled_up as (

    select
        product_account_id,
        product_user_id,
        usage_date,
        feature_id,
        parse_errors,
        feature_id is not null as has_key,
        sum(events) as events,
        0 as logins,
        sum(minutes) as minutes,
        max(loaded_at) as loaded_at
    from account_days
    where is_feature
    group by product_account_id, product_user_id, usage_date, feature_id, parse_errors

    union all

    select
        product_account_id,
        product_user_id,
        usage_date,
        cast(null as {{ sql_type('string') }}) as feature_id,
        parse_errors,
        true as has_key,
        case
            when sum(case when is_feature then -events else events end) > 0
                then sum(case when is_feature then -events else events end)
            else 0
        end as events,
        1 as logins,
        sum(case when not is_feature then minutes end) as minutes,
        max(loaded_at) as loaded_at
    from account_days
    where not is_feature or feature_id is not null
    group by product_account_id, product_user_id, usage_date, parse_errors

)

select
    case
        when has_key
            then
                coalesce(product_account_id, '') || '|' || coalesce(product_user_id, '') || '|'
                || coalesce(cast(usage_date as {{ dbt.type_string() }}), '') || '|' || coalesce(feature_id, '')
                || coalesce('|' || parse_errors, '')
    end as usage_day_id,
    product_account_id,
    product_user_id,
    usage_date,
    feature_id,
    cast(events as {{ sql_type('bigint') }}) as events,
    cast(logins as {{ sql_type('bigint') }}) as logins,
    cast(minutes as {{ sql_type('double precision') }}) as minutes,
    loaded_at,
    parse_errors
from rolled_up
