-- Grain: one row per period end and account with customers below it, at any depth; the account
-- itself is not among them. Worst child: the lowest score, among equals the first id.
with children as (

    select
        descendants.account_id,
        scores.period_end,
        scores.account_id as child_account_id,
        scores.arr,
        scores.health_score,
        row_number() over (
            partition by scores.period_end, descendants.account_id
            order by scores.health_score nulls last, {{ byte_order('scores.account_id') }}
        ) as worst_number
    from {{ ref('int_crm__account_descendants') }} as descendants
    inner join {{ ref('int_health__scores') }} as scores on descendants.descendant_id = scores.account_id
    where scores.is_customer

)

select
    period_end,
    account_id,
    count(*) as child_accounts,
    cast(sum(arr) as numeric(18, 2)) as children_arr,
    {{ revenue_weighted('arr', 'health_score', '0.0', '100.0') }} as children_health_score,
    max(case when worst_number = 1 and health_score is not null then child_account_id end) as worst_child_account_id,
    min(health_score) as worst_child_score
from children
group by period_end, account_id
