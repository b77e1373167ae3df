-- Grain: one row per account that answers for itself today: landed, sound, not merged away. Its revenue is of today, so it is converted
-- at the rate of as_of_date; in a currency without a rate it is not known, and the account stays.
{{ config(materialized='table') }}

with accounts as (

    select * from {{ ref('int_crm__accounts_checked') }} where quarantine_reason is null

),

account_keys as (

    select * from {{ ref('int_crm__account_keys') }}

),

parents as (

    select * from {{ ref('int_crm__account_parents_checked') }} where quarantine_reason is null

),

exchange_rates as (

    select *
    from {{ ref('int_policy__exchange_rates') }}
    where valid_from <= {{ as_of_date_sql() }} and (valid_until is null or {{ as_of_date_sql() }} < valid_until)

)

select
    accounts.source_vendor,
    accounts.account_id,
    accounts.account_name,
    accounts.external_id,
    parents.parent_id as parent_account_id,
    coalesce(parents.ultimate_parent_id, accounts.account_id) as ultimate_parent_account_id,
    coalesce(accounts.segment, 'unknown') as segment,
    accounts.industry,
    coalesce(accounts.region, 'unknown') as region,
    accounts.owner_id,
    coalesce(accounts.is_key_account, false) as is_key_account,
    coalesce(accounts.no_nps_form, false) as no_nps_form,
    cast(case when accounts.arr >= 0 then accounts.arr * exchange_rates.rate end as numeric(18, 2)) as arr,
    coalesce(accounts.arr >= 0, false) and exchange_rates.rate is null as is_arr_currency_unknown,
    case when accounts.seats >= 0 then accounts.seats end as seats,
    accounts.renewal_date,
    accounts.renewal_status,
    accounts.is_active,
    accounts.created_at,
    {{ comma_list([
        unread_fields('accounts.parse_errors'), "case when accounts.arr < 0 then 'arr' end", "case when accounts.seats < 0 then 'seats' end",
    ]) }} as attributes_set_aside
from accounts
inner join account_keys
    on accounts.account_id = account_keys.account_key and accounts.account_id = account_keys.account_id
left join parents on accounts.account_id = parents.account_id
left join exchange_rates
    on {{ upper_code("coalesce(accounts.currency, '" ~ reporting_currency() ~ "')") }} = exchange_rates.from_currency
