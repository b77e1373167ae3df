-- The accounts that paid retention_months before a month end, by what they were and said then, and what they pay at its close.
-- Revenue won from new accounts is no retention, and who paid nothing at the start is one. What is null is not known: a price at either
-- end. What a part of the items cost is no start to compare with.
with month_ends as (

    select
        period_end,
        cast({{ dbt.last_day(dbt.dateadd('month', -whole_number('retention_months'), 'month_start'), 'month') }} as date) as start_date
    from {{ ref('int_periods') }}
    where is_month_end

),

spans as (

    select month_ends.*
    from month_ends
    inner join {{ ref('int_periods') }} as starts on month_ends.start_date = starts.period_end

),

months as (

    select
        month_end,
        account_id,
        case when not has_unpriced_items then mrr end as mrr
    from {{ ref('fct_subscription_months') }}

),

paying as (

    select
        spans.period_end,
        spans.start_date,
        starts.account_id,
        starts.mrr as start_mrr,
        -- no row is no revenue; a row without a price is not known
        case when ends.account_id is null then 0 else ends.mrr end as end_mrr
    from spans
    inner join months as starts on spans.start_date = starts.month_end and starts.mrr is distinct from 0
    left join months as ends on spans.period_end = ends.month_end and starts.account_id = ends.account_id

)

select
    paying.period_end,
    paying.account_id,
    paying.start_date,
    accounts.segment,
    case
        when nps.responses is null or nps.responses = 0 then 'silent'
        when not nps.is_reportable then 'insufficient_signal'
        when {{ six_decimals('nps.account_nps') }} > 0 then 'promoter'
        when {{ six_decimals('nps.account_nps') }} < 0 then 'detractor'
        else 'passive'
    end as nps_class,
    coalesce(health.reported_band, 'insufficient_signal') as health_band,
    cast(paying.start_mrr as numeric(18, 2)) as start_mrr,
    cast(paying.end_mrr as numeric(18, 2)) as end_mrr,
    cast(
        case when paying.start_mrr is not null and paying.end_mrr is not null then least(paying.start_mrr, paying.end_mrr) end
        as numeric(18, 2)
    ) as kept_mrr,
    paying.start_mrr is not null and paying.end_mrr is not null as is_priced,
    case when paying.start_mrr is not null then paying.end_mrr = 0 end as is_churned
from paying
left join {{ ref('int_crm__account_periods') }} as accounts
    on paying.start_date = accounts.period_end and paying.account_id = accounts.account_id
left join {{ ref('account_nps') }} as nps on paying.start_date = nps.period_end and paying.account_id = nps.account_id
left join {{ ref('account_health') }} as health
    on paying.start_date = health.period_end and paying.account_id = health.account_id
