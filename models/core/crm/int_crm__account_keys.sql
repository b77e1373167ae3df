-- Grain: one row per key by which any tool may name an account, with the account that answers
-- to it today: its id, the first 15 characters of an 18-character id, its external id, and the
-- same of every account merged into it. A key that two accounts claim names neither: its
-- account_id is null.
{{ config(materialized='table') }}

with accounts as (

    select * from {{ ref('int_crm__accounts_checked') }} where quarantine_reason is null

),

absorptions as (

    select * from {{ ref('int_crm__account_merges_checked') }}

),

-- a merge that leads nowhere leaves nobody to answer for the account; a cycle leaves it itself
survivors as (

    select
        accounts.account_id as known_account_id,
        accounts.external_id,
        case
            when absorptions.account_id is null or absorptions.quarantine_reason = 'merge_cycle' then accounts.account_id
            else absorptions.surviving_account_id
        end as account_id
    from accounts
    left join absorptions on accounts.account_id = absorptions.account_id

),

claims as (

    select known_account_id as account_key, account_id, 1 as precedence from survivors
    union all
    select substring(known_account_id, 1, 15) as account_key, account_id, 2 as precedence
    from survivors
    where length(known_account_id) = 18
    union all
    select external_id as account_key, account_id, 3 as precedence from survivors

),

ranked as (

    select
        account_key,
        account_id,
        precedence,
        min(precedence) over (partition by account_key) as best_precedence
    from claims
    where account_key is not null and account_id is not null

)

select
    account_key,
    case when count(distinct account_id) = 1 then min(account_id) end as account_id
from ranked
where precedence = best_precedence
group by account_key
