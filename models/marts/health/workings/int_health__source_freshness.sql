-- Grain: one row per period end and domain that had any news by then. newest_date is that of its
-- stalest vendor: one broken connector is enough to doubt. It is the day of business, not of
-- loading, so that it can be told for the past too.
{{ config(materialized='table') }}

with news_days as (

    select * from {{ ref('int_audit__daily_volumes') }}

),

newest as (

    select
        periods.period_end,
        news_days.domain,
        news_days.source_vendor,
        max(news_days.news_date) as newest_date
    from news_days
    inner join {{ ref('int_periods') }} as periods on news_days.news_date <= periods.period_end
    group by periods.period_end, news_days.domain, news_days.source_vendor

),

stalest as (

    select
        period_end,
        domain,
        min(newest_date) as newest_date
    from newest
    group by period_end, domain

)

select
    period_end,
    domain,
    newest_date,
    newest_date < case domain
        {%- for domain in news_domains() %}
        when '{{ domain }}' then {{ add_days('period_end', -1 * stale_after(domain)) }}
        {%- endfor %}
    end as is_stale
from stalest
