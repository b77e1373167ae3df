-- Claim: every renewal status that the CRM showed at a period end has a score in the policy seed
-- renewal_status_scores. A warning, not an error: a status that sales invented today is null and
-- lowers coverage until somebody decides what it is worth; nothing that was built is wrong.
{{ config(severity='warn') }}

select
    account_periods.renewal_status,
    min(account_periods.period_end) as first_period_end,
    count(*) as account_periods
from {{ ref('int_crm__account_periods') }} as account_periods
left join {{ ref('int_policy__renewal_scores') }} as renewal_scores
    on
        account_periods.period_end = renewal_scores.period_end
        and {{ fold_case(trimmed('account_periods.renewal_status')) }} = renewal_scores.renewal_status
where
    account_periods.existed
    and account_periods.renewal_status is not null
    and renewal_scores.renewal_status is null
group by account_periods.renewal_status
