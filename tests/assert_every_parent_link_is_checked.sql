-- Claim: the link of every living account that names a parent is sound or set aside, but for a
-- parent that was merged into the account itself: then there is no link.
with accounts as (

    select checked.*
    from {{ ref('int_crm__accounts_checked') }} as checked
    inner join {{ ref('int_crm__accounts') }} as accounts on checked.account_id = accounts.account_id
    where checked.quarantine_reason is null and checked.parent_account_id is not null

),

own_keys as (

    select account_key, account_id from {{ ref('int_crm__account_keys') }}

),

links as (

    select account_id from {{ ref('int_crm__account_parents_checked') }}

)

select accounts.account_id
from accounts
left join links on accounts.account_id = links.account_id
left join own_keys on accounts.parent_account_id = own_keys.account_key and accounts.account_id = own_keys.account_id
where links.account_id is null and own_keys.account_key is null
