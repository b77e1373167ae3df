-- Grain: one row per usage vendor with any use: what it names at all. What a feed never names did not land, and is unknown, not zero.
{{ config(materialized='table') }}

with feeds as (

    select
        source_vendor,
        count(product_user_id) > 0 as names_users
    from {{ ref('int_usage__user_days') }}
    group by source_vendor

),

features as (

    select
        source_vendor,
        count(module) > 0 as names_modules,
        count(case when is_sticky then 1 end) > 0 as names_sticky_features
    from {{ ref('int_usage__features_checked') }}
    where quarantine_reason is null
    group by source_vendor

)

select
    feeds.source_vendor,
    feeds.names_users,
    coalesce(features.names_modules, false) as names_modules,
    coalesce(features.names_sticky_features, false) as names_sticky_features
from feeds
left join features on feeds.source_vendor = features.source_vendor
