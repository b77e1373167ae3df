-- Grain: one row per account, visitor, day and tagged feature, and one without a feature per
-- account, visitor and day. The row without a feature carries the visit and every event that no
-- feature row counts, so that events add up to Pendo's total: event holds page views and feature
-- clicks too, hence page_event is read only where event is not landed. Pendo counts no sessions:
-- a day of use is one visit, of zeros none. Visitors without a name (anonymous, known by a cookie) are
-- nobody's user: what they do is use of the account. Clicks that name no feature stand
-- without a key: they are set aside, and are in the total of event as they are.
{{ config(enabled=is_listed('usage', 'pendo')) }}

{{ pendo_events() }},

-- a bucket that landed again counts once: it has grown, so its largest count is the last one
uses as {{ inlined(is_grouped=true) }}(

    select
        product_account_id,
        product_user_id,
        usage_date,
        feature_id,
        parse_errors,
        is_feature,
        max(events) as events,
        sum(events) - max(events) as copied_events,
        max(minutes) as minutes,
        max(loaded_at) as loaded_at,
        sum({{ pendo_event_mark() }}) as landed_mark,
        count(*) as landed_rows
    from events
    group by product_account_id, product_user_id, usage_date, feature_id, parse_errors, is_feature, event_key

),

-- what Pendo counts by the hour becomes days
feature_days as {{ inlined(is_grouped=true) }}(

    select
        product_account_id,
        product_user_id,
        usage_date,
        feature_id,
        parse_errors,
        sum(events) as events,
        sum(copied_events) as copied_events,
        sum(minutes) as minutes,
        max(loaded_at) as loaded_at,
        sum(landed_mark) as landed_mark,
        sum(landed_rows) as landed_rows
    from uses
    where is_feature
    group by product_account_id, product_user_id, usage_date, feature_id, parse_errors

),

visits as (

    select
        product_account_id,
        product_user_id,
        usage_date,
        parse_errors,
        events,
        copied_events,
        minutes,
        loaded_at,
        landed_mark,
        landed_rows,
        case when events > 0 or minutes > 0 then 1 else 0 end as has_use
    from uses
    where not is_feature

    union all

    select
        product_account_id,
        product_user_id,
        usage_date,
        parse_errors,
        -events as events,
        0 as copied_events,
        null as minutes,
        loaded_at,
        0 as landed_mark,
        landed_rows,
        case when events > 0 or minutes > 0 then 1 else 0 end as has_use
    from feature_days
    where feature_id is not null

),

rolled_up as (

    select
        product_account_id,
        product_user_id,
        usage_date,
        feature_id,
        parse_errors,
        feature_id is not null as has_key,
        events,
        0 as logins,
        minutes,
        loaded_at,
        landed_mark,
        landed_rows,
        0 as surplus_events,
        copied_events
    from feature_days

    union all

    select
        product_account_id,
        product_user_id,
        usage_date,
        cast(null as {{ sql_type('string') }}) as feature_id,
        parse_errors,
        true as has_key,
        case when sum(events) > 0 then sum(events) else 0 end as events,
        max(has_use) as logins,
        sum(minutes) as minutes,
        max(loaded_at) as loaded_at,
        sum(landed_mark) as landed_mark,
        sum(landed_rows) as landed_rows,
        case when sum(events) < 0 then -sum(events) else 0 end as surplus_events,
        sum(copied_events) as copied_events
    from visits
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
    {{ pendo_known_visitor('product_user_id') }} as product_user_id,
    usage_date,
    feature_id,
    cast(events as {{ sql_type('bigint') }}) as events,
    cast(logins as {{ sql_type('bigint') }}) as logins,
    cast(minutes as {{ sql_type('double precision') }}) as minutes,
    loaded_at,
    parse_errors,
    cast(landed_mark as {{ sql_type('bigint') }}) as landed_mark,
    cast(landed_rows as {{ sql_type('bigint') }}) as landed_rows,
    cast(surplus_events as {{ sql_type('bigint') }}) as surplus_events,
    cast(copied_events as {{ sql_type('bigint') }}) as copied_events,
    true as is_grouped
from rolled_up
