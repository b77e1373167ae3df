-- Claim: an account that was merged into another has no row of its own in any mart.
select links.account_id
from {{ ref('int_crm__account_merges_checked') }} as links
inner join {{ ref('dim_accounts') }} as accounts on links.account_id = accounts.account_id
where links.quarantine_reason is null
