-- Billing wins where it knows the account: who still pays has not left, whatever became of a deal.
with subscriptions as (

    select * from {{ ref('int_billing__subscriptions') }}
    where is_paying and (mrr > 0 or mrr is null) and (ends_on is null or starts_on < ends_on)

),

renewal_deals as (

    select
        account_id,
        close_date,
        coalesce(is_won, false) as is_won
    from {{ ref('int_crm__opportunities_checked') }}
    where
        quarantine_reason is null
        and account_id is not null
        and is_closed
        and close_date <= {{ as_of_date_sql() }}
        and {{ fold_case('opportunity_type') }} like '%renew%'
        and {{ fold_case('opportunity_type') }} not like '%non%renew%'

),

payers as (

    select
        account_id,
        case
            when max(case when ends_on is null or ends_on > {{ as_of_date_sql() }} then 1 else 0 end) = 0 then max(ends_on)
        end as ended_on
    from subscriptions
    group by account_id

),

decisions as (

    select
        account_id,
        max(case when is_won then close_date end) as last_won_on,
        max(case when not is_won then close_date end) as last_lost_on
    from renewal_deals
    group by account_id

),

departures as (

    select
        coalesce(payers.account_id, decisions.account_id) as account_id,
        case
            when payers.account_id is not null then payers.ended_on
            when decisions.last_won_on is null or decisions.last_won_on < decisions.last_lost_on then decisions.last_lost_on
        end as outcome_date,
        case when payers.account_id is not null then 'billing' else 'crm' end as outcome_source
    from payers
    full outer join decisions on payers.account_id = decisions.account_id

),

outcomes as (

    select
        account_id,
        outcome_date,
        'churned' as outcome,
        outcome_source
    from departures
    where outcome_date is not null

    union all

    select distinct
        renewal_deals.account_id,
        renewal_deals.close_date as outcome_date,
        'renewed' as outcome,
        'crm' as outcome_source
    from renewal_deals
    left join departures
        on
            renewal_deals.account_id = departures.account_id
            and renewal_deals.close_date = departures.outcome_date
    where renewal_deals.is_won and departures.account_id is null

)

select
    outcomes.account_id,
    outcomes.outcome_date,
    outcomes.outcome,
    outcomes.outcome_source,
    cast(12 * sum(subscriptions.mrr) as numeric(18, 2)) as arr_before
from outcomes
left join subscriptions
    on
        outcomes.account_id = subscriptions.account_id
        and outcomes.outcome_date > subscriptions.starts_on
        and (subscriptions.ends_on is null or outcomes.outcome_date <= subscriptions.ends_on)
group by outcomes.account_id, outcomes.outcome_date, outcomes.outcome, outcomes.outcome_source
