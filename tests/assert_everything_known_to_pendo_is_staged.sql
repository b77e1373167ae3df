{{ config(enabled=is_listed('usage', 'pendo')) }}
-- Claim: every feature, account and visitor of which a version is landed is staged, every version
-- without a key too, and so is every use, with its events: that it gets on from there is the claim of
-- assert_every_landed_usage_row_is_checked.
{%- set tables = [
    ('feature_history', 'stg_pendo__features', 'feature_id'),
    ('account_history', 'stg_pendo__product_accounts', 'product_account_id'),
    ('visitor_history', 'stg_pendo__product_users', 'product_user_id'),
] %}
{%- set event = landed('pendo', 'event') %}
{%- set page_event = landed('pendo', 'page_event') %}
{#- of buckets beside single events only some count, so these are not compared -#}
{%- set uses = [
    (event if event.exists else page_event, landed('pendo', 'ds_event', in_demo=false), 'not is_feature'),
    (landed('pendo', 'feature_event'), landed('pendo', 'ds_feature_event', in_demo=false), 'is_feature'),
] %}

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

uses as (
    {% for buckets, single_events, condition in uses %}
    {{ 'union all' if not loop.first }}
    select
        '{{ buckets.table }}' as landed_table,
        count(*) as landed_rows,
        sum(coalesce({{ field(buckets, 'num_events', 'bigint') }}, 1)) as landed,
        0 as staged_rows,
        0 as staged
    from {{ landed_from(buckets) }}
    where
        {{ live_rows(buckets) }}
        and {{ '1 = 0' if single_events.exists else '1 = 1' }}

    union all

    select
        '{{ buckets.table }}' as landed_table,
        0 as landed_rows,
        0 as landed,
        count(*) as staged_rows,
        sum(landed_events + coalesce(feature_events, 0)) as staged
    from {{ ref('stg_pendo__usage_marks') }}
    where
        {{ condition }}
        and {{ '1 = 0' if single_events.exists else '1 = 1' }}
    {% endfor %}
),

-- rows: of versions those without a key, for what has one is counted by it
compared as (

    select
        landed_table,
        count(distinct landed_key) as landed,
        count(distinct staged_key) as staged,
        sum(case when is_landed = 1 and landed_key is null then 1 else 0 end) as landed_rows,
        sum(case when is_landed = 0 and staged_key is null then 1 else 0 end) as staged_rows
    from versions
    group by landed_table

    union all

    select
        landed_table,
        coalesce(sum(landed), 0) as landed,
        coalesce(sum(staged), 0) as staged,
        sum(landed_rows) as landed_rows,
        sum(staged_rows) as staged_rows
    from uses
    group by landed_table

)

select *
from compared
where landed <> staged or landed_rows <> staged_rows
