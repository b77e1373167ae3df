-- Claim: an account that was merged into another has no row of its own in any mart.
select merges.account_id
from {{ ref('int_crm__account_merges_checked') }} as merges
inner join {{ ref('dim_accounts') }} as accounts on merges.account_id = accounts.account_id
where merges.quarantine_reason is null
