-- Claim: no vendor that brought news of a domain has suddenly stopped, or nearly. The newest
-- window of days is compared with the mean of the three before it. It warns: an error would stop the
-- marts that say of a vendor that it is stale.
{{ config(severity='warn') }}
{%- set limits = threshold('volume_threshold') %}
with days as (

    select
        *,
        case domain
            {%- for domain in news_domains() %}
            when '{{ domain }}' then {{ volume_window(domain) }}
            {%- endfor %}
        end as window_days,
        {{ dbt.datediff('news_date', as_of_date_sql(), 'day') }} as days_ago
    from {{ ref('int_audit__daily_volumes') }}
    where news_date <= {{ as_of_date_sql() }}

),

volumes as (

    select
        domain,
        source_vendor,
        sum(case when days_ago < window_days then records else 0 end) as records,
        sum(case when days_ago >= window_days and days_ago < 4 * window_days then records else 0 end) / 3.0 as usual_records
    from days
    group by domain, source_vendor

)

select *
from volumes
where
    usual_records >= {{ limits['rows'] }}
    and records < {{ share_limit('volume_threshold', 'source_vendor') }} * usual_records
