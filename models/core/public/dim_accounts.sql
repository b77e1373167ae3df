with accounts as (

    select * from {{ ref('int_crm__accounts') }}

),

revenue as (

    select * from {{ ref('int_billing__account_revenue') }} where period_end = {{ as_of_date_sql() }}

)

select
    accounts.account_id,
    accounts.source_vendor,
    accounts.account_name,
    accounts.external_id,
    accounts.parent_account_id,
    accounts.ultimate_parent_account_id,
    accounts.segment,
    accounts.industry,
    accounts.region,
    accounts.owner_id,
    accounts.is_key_account,
    accounts.no_nps_form,
    -- billing knows what is paid; where the account has no subscription the CRM's word counts
    coalesce(revenue.arr, accounts.arr) as arr,
    case
        when revenue.arr is not null then 'billing'
        when accounts.arr is not null then 'crm'
        when accounts.is_arr_currency_unknown then 'unknown_currency'
    end as arr_source,
    coalesce(revenue.seats, accounts.seats) as seats,
    accounts.renewal_date,
    accounts.renewal_status,
    coalesce(
        accounts.is_active,
        revenue.arr > 0,
        {{ fold_case('accounts.renewal_status') }} not in ('churned', 'lost'),
        true
    ) as is_active,
    accounts.created_at,
    accounts.attributes_set_aside
from accounts
left join revenue on accounts.account_id = revenue.account_id
