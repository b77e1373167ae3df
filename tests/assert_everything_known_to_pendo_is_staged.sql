{{ config(enabled=is_listed('usage', 'pendo')) }}
-- Claim: every feature, account and visitor of which a version is landed is staged, every version
-- without a key too, and clicks on features add up to what landed.
{%- set tables = [
    ('feature_history', 'stg_pendo__features', 'feature_id'),
    ('account_history', 'stg_pendo__product_accounts', 'product_account_id'),
    ('visitor_history', 'stg_pendo__product_users', 'product_user_id'),
] %}
{%- set feature_event = landed('pendo', 'feature_event') %}
{%- set ds_feature_event = landed('pendo', 'ds_feature_event', in_demo=false) %}

with versions as (
    {% for table, staged, key in tables %}
    {%- set history = landed('pendo', table) %}
    {{ 'union all' if not loop.first }}
    select
        '{{ table }}' as landed_table,
        {{ field(history, 'id') }} as landed_key,
        cast(null as {{ sql_type('string') }}) as staged_key,
        1 as is_landed
    from {{ landed_from(history) }}
    where
        {{ live_rows(history, history=true, keep_deleted=true) }}

    union all

    select
        '{{ table }}' as landed_table,
        cast(null as {{ sql_type('string') }}) as landed_key,
        {{ key }} as staged_key,
        0 as is_landed
    from {{ ref(staged) }}
    {% endfor %}
),

clicks as (

    select
        coalesce({{ field(feature_event, 'num_events', 'bigint') }}, 1) as landed,
        0 as staged
    from {{ landed_from(feature_event) }}
    where
        {{ live_rows(feature_event) }}

    union all

    select
        0 as landed,
        events as staged
    from {{ ref('stg_pendo__usage_days') }}
    where feature_id is not null or usage_day_id is null

),

compared as (

    select
        landed_table,
        count(distinct landed_key) as landed,
        count(distinct staged_key) as staged,
        sum(case when is_landed = 1 and landed_key is null then 1 else 0 end) as landed_without_key,
        sum(case when is_landed = 0 and staged_key is null then 1 else 0 end) as staged_without_key
    from versions
    group by landed_table

    union all

    select
        'feature_event' as landed_table,
        coalesce(sum(landed), 0) as landed,
        coalesce(sum(staged), 0) as staged,
        0 as landed_without_key,
        0 as staged_without_key
    from clicks
    where {{ '1 = 0' if ds_feature_event.exists else '1 = 1' }}

)

select *
from compared
where landed <> staged or landed_without_key <> staged_without_key
