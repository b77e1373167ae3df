-- Grain: one row per period end and account that existed, or that answers, usage, invoices or
-- tickets know. A signal is one column here and one row in the policy seed health_signals.
{{ config(materialized='table') }}

with account_periods as (select * from {{ ref('int_crm__account_periods') }}),

accounts as (select * from {{ ref('int_crm__accounts') }}),

revenue as (select * from {{ ref('int_billing__account_revenue') }}),

usage_counts as (select * from {{ ref('int_usage__account_periods') }}),

entitlements as (select * from {{ ref('int_usage__modules_entitled') }}),

account_nps as (select * from {{ ref('account_nps') }}),

voice as (select * from {{ ref('int_health__voice_signals') }}),

payments as (select * from {{ ref('int_health__payment_signals') }}),

renewal_scores as (select * from {{ ref('int_policy__renewal_scores') }}),

service as (select * from {{ ref('int_health__service_signals') }}),

-- billing knows what is paid; where it does not know the account the CRM's word counts
licences as (

    select
        account_periods.*,
        {{ fold_case(trimmed('account_periods.renewal_status')) }} as status,
        coalesce(revenue.arr, accounts.arr) as arr,
        coalesce(revenue.seats, accounts.seats) as seats,
        revenue.seats as billed_seats,
        revenue.seats_before,
        revenue.account_id is not null as is_billed,
        coalesce(
            revenue.arr > 0,
            accounts.is_active,
            {{ fold_case(trimmed('account_periods.renewal_status')) }} not in ('churned', 'lost'),
            true
        ) as is_customer
    from account_periods
    inner join accounts on account_periods.account_id = accounts.account_id
    left join revenue
        on account_periods.period_end = revenue.period_end and account_periods.account_id = revenue.account_id

)

select
    licences.period_end,
    licences.account_id,
    licences.segment,
    licences.owner_id,
    licences.arr,
    licences.seats,
    licences.is_customer,
    licences.renewal_status_as_of,

    {{ share_of('usage_counts.active_users', 'licences.seats') }} as active_seat_rate,
    {{ share_of('usage_counts.events', 'licences.seats') }} as events_per_seat,
    {{ as_double('usage_counts.user_days') }} / {{ signal_window('usage') }} / nullif(usage_counts.active_users, 0) as stickiness,
    {{ share_of('usage_counts.modules_used', 'entitlements.modules_entitled') }} as breadth,
    {{ share_of('usage_counts.sticky_feature_users', 'usage_counts.active_users') }} as depth,

    account_nps.account_nps,
    voice.effort,
    voice.satisfaction,
    voice.qbr_pulse,

    payments.payment_timeliness,
    -- the CRM's seats are of another count and of today: never one against the other
    {{ as_double('licences.billed_seats') }} / nullif(licences.seats_before, 0) - 1.0 as seat_change,
    {{ as_double('renewal_scores.score') }} as renewal_status,

    service.ticket_surge,
    service.bug_share,
    service.first_contact_resolution,
    service.sla_attainment
from licences
left join usage_counts
    on licences.period_end = usage_counts.period_end and licences.account_id = usage_counts.account_id
left join entitlements on licences.account_id = entitlements.account_id
left join account_nps
    on licences.period_end = account_nps.period_end and licences.account_id = account_nps.account_id
left join voice on licences.period_end = voice.period_end and licences.account_id = voice.account_id
left join payments on licences.period_end = payments.period_end and licences.account_id = payments.account_id
left join renewal_scores
    on licences.period_end = renewal_scores.period_end and licences.status = renewal_scores.renewal_status
left join service on licences.period_end = service.period_end and licences.account_id = service.account_id
where
    licences.existed
    or licences.is_billed
    or coalesce(usage_counts.account_id, account_nps.account_id, voice.account_id, payments.account_id, service.account_id) is not null
