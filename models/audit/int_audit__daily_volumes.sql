-- Grain: one row per domain, vendor and day of business on which anything happened. By the day of
-- business, not of loading, so that it can be told for the past too.
{{ config(materialized='table') }}

with news as (

    select 'usage' as domain, source_vendor, usage_date as news_date
    from {{ ref('int_usage__usage_days') }}
    union all
    select 'survey' as domain, source_vendor, responded_date as news_date
    from {{ ref('int_survey__responses') }}
    union all
    select 'support' as domain, source_vendor, {{ reporting_date('created_at') }} as news_date
    from {{ ref('int_support__tickets') }}
    union all
    select 'billing' as domain, source_vendor, issued_date as news_date
    from {{ ref('int_billing__invoices') }}
    union all
    select 'billing' as domain, source_vendor, starts_on as news_date
    from {{ ref('int_billing__subscriptions') }}

)

select
    domain,
    source_vendor,
    news_date,
    count(*) as records
from news
group by domain, source_vendor, news_date
