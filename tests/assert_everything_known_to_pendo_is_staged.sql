{{ config(enabled=is_listed('usage', 'pendo')) }}
-- Claim: every feature, account and visitor of which a version is landed is staged, every version
-- without a key too, and clicks on features add up to what landed.
{%- set tables = [
    ('feature_history', 'stg_pendo__features', 'feature_id'),
    ('account_history', 'stg_pendo__product_accounts', 'product_account_id'),
    ('visitor_history', 'stg_pendo__product_users', 'product_user_id'),
] %}
{%- for table, staged, key in tables %}
{%- set history = landed('pendo', table) %}
select
    '{{ table }}' as landed_table,
    landed.named as landed,
    staged.named as staged
from (
    select
        count(distinct {{ field(history, 'id') }}) as named,
        count(*) - count({{ field(history, 'id') }}) as unnamed
    from {{ landed_from(history) }}
    where
        {{ live_rows(history, history=true, keep_deleted=true) }}
) as landed
cross join (
    select
        count(distinct {{ key }}) as named,
        count(*) - count({{ key }}) as unnamed
    from {{ ref(staged) }}
) as staged
where landed.named <> staged.named or landed.unnamed <> staged.unnamed

union all
{% endfor %}
{%- set feature_event = landed('pendo', 'feature_event') %}
{%- set ds_feature_event = landed('pendo', 'ds_feature_event', in_demo=false) %}
select
    'feature_event' as landed_table,
    landed.events as landed,
    staged.events as staged
from (
    select coalesce(sum(coalesce({{ field(feature_event, 'num_events', 'bigint') }}, 1)), 0) as events
    from {{ landed_from(feature_event) }}
    where
        {{ live_rows(feature_event) }}
) as landed
cross join (
    select coalesce(sum(events), 0) as events
    from {{ ref('stg_pendo__usage_days') }}
    where feature_id is not null or usage_day_id is null
) as staged
where {{ '1 = 0' if ds_feature_event.exists else 'landed.events <> staged.events' }}
