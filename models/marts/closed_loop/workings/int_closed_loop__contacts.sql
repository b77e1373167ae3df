-- Grain: one contact of ours with a customer: outbound, by a human, and over. Activities of the CRM, and public comments of agents
-- on tickets. contact_key null: with the account, naming nobody.
{{ config(materialized='table') }}

with tickets as (

    select * from {{ ref('int_support__tickets') }}

)

select
    activity_id as evidence_id,
    activity_type as evidence_type,
    contact_key,
    account_id,
    occurred_at as reached_at
from {{ ref('int_crm__activities') }}
where is_outbound and not is_automated and (contact_key is not null or account_id is not null)

union all

select
    comments.event_id as evidence_id,
    'ticket_comment' as evidence_type,
    tickets.contact_key,
    tickets.account_id,
    comments.occurred_at as reached_at
from {{ ref('int_support__ticket_events_checked') }} as comments
inner join tickets on comments.source_vendor = tickets.source_vendor and comments.ticket_id = tickets.ticket_id
where
    comments.is_outbound
    and comments.quarantine_reason is null
    and (tickets.contact_key is not null or tickets.account_id is not null)
