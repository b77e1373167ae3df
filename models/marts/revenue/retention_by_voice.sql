-- The accounts that paid retention_months before a month end, by what they were and said then, and what they pay at its close.
-- Revenue won from new accounts is no retention. An account whose price is not known at either end is counted and left out.
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

    select * from {{ ref('fct_subscription_months') }}

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
    inner join months as starts on spans.start_date = starts.month_end and starts.movement is distinct from 'churn'
    left join months as ends on spans.period_end = ends.month_end and starts.account_id = ends.account_id

),

described as (

    select
        paying.*,
        accounts.segment,
        case
            when nps.responses is null or nps.responses = 0 then 'silent'
            when not nps.is_reportable then 'insufficient_signal'
            when {{ six_decimals('nps.account_nps') }} > 0 then 'promoter'
            when {{ six_decimals('nps.account_nps') }} < 0 then 'detractor'
            else 'passive'
        end as nps_class,
        coalesce(health.reported_band, 'insufficient_signal') as health_band
    from paying
    left join {{ ref('int_crm__account_periods') }} as accounts
        on paying.start_date = accounts.period_end and paying.account_id = accounts.account_id
    left join {{ ref('account_nps') }} as nps on paying.start_date = nps.period_end and paying.account_id = nps.account_id
    left join {{ ref('account_health') }} as health
        on paying.start_date = health.period_end and paying.account_id = health.account_id

),

scoped as (

    {{ in_scopes('described', {'segment': 'segment', 'nps_class': 'nps_class', 'health_band': 'health_band'}) }}

),

priced as (

    select
        *,
        start_mrr is not null and end_mrr is not null as is_priced
    from scoped

),

sums as (

    select
        period_end,
        start_date,
        scope_type,
        scope_value,
        count(case when is_priced then 1 end) as accounts,
        count(case when not is_priced then 1 end) as unpriced_accounts,
        count(case when is_priced and end_mrr = 0 then 1 end) as churned_accounts,
        cast(coalesce(sum(case when is_priced then start_mrr end), 0) as numeric(18, 2)) as start_mrr,
        cast(coalesce(sum(case when is_priced then end_mrr end), 0) as numeric(18, 2)) as end_mrr,
        cast(coalesce(sum(case when is_priced then least(start_mrr, end_mrr) end), 0) as numeric(18, 2)) as kept_mrr
    from priced
    group by period_end, start_date, scope_type, scope_value

)

select
    period_end,
    start_date,
    scope_type,
    scope_value,
    accounts,
    churned_accounts,
    unpriced_accounts,
    start_mrr,
    end_mrr,
    kept_mrr,
    {{ share_of('kept_mrr', 'start_mrr') }} as grr,
    {{ share_of('end_mrr', 'start_mrr') }} as nrr,
    {{ share_of('churned_accounts', 'accounts') }} as churn_rate,
    {{ is_reportable('accounts') }} as is_reportable
from sums
