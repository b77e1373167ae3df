-- Grain: one row per customer. Only what a CRM shows and acts on, and nothing that differs merely because another day began (no day of
-- the run, no ages): a row that differs is news. Of several open actions the one due first stands here.
with customers as (

    select * from {{ ref('account_health_latest') }} where is_customer

),

turns as (

    select
        account_id,
        band_turned_by,
        row_number() over (partition by account_id order by period_end desc) as turns_since
    from {{ ref('account_health') }}
    where band_turned_by is not null

),

account_voice as (

    select * from {{ ref('account_nps') }} where period_end = {{ as_of_date_sql() }}

),

open_actions as (

    select
        *,
        row_number() over (partition by account_id order by due_at, {{ byte_order('priority') }}, {{ byte_order('action_id') }}) as nth_due
    from {{ ref('health_actions') }}
    where closed_at is null

),

open_cases as (

    select
        account_id,
        count(*) as cases,
        count(case when is_overdue then 1 end) as overdue_cases
    from {{ ref('case_worklist') }}
    group by account_id

)

select
    customers.account_id,
    customers.reported_band as health_band,
    case
        when customers.override_reason is not null then 'override'
        when customers.health_band = 'insufficient_signal' then 'insufficient_signal'
        else turns.band_turned_by
    end as health_reason,
    coalesce(account_voice.nps_status, 'insufficient_signal') as nps_status,
    open_actions.playbook as next_playbook,
    open_actions.priority as next_action_priority,
    open_actions.owner_id as next_action_owner_id,
    customers.health_score_shown as health_score,
    case when account_voice.is_reportable then {{ as_double(six_decimals('account_voice.account_nps')) }} end as account_nps,
    coalesce(account_voice.responses, 0) as nps_responses,
    coalesce(open_cases.cases, 0) as open_cases,
    coalesce(open_cases.overdue_cases, 0) as overdue_cases,
    customers.has_stale_signals,
    open_actions.due_at as next_action_due_at
from customers
left join turns on customers.account_id = turns.account_id and turns.turns_since = 1
left join account_voice on customers.account_id = account_voice.account_id
left join open_actions on customers.account_id = open_actions.account_id and open_actions.nth_due = 1
left join open_cases on customers.account_id = open_cases.account_id
