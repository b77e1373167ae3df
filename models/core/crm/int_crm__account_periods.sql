-- Grain: one row per account and period end, with its segment, region, owner and renewal
-- status as they were on that day. Where no version says the status, today's counts and
-- renewal_status_as_of says so.
{{ config(materialized='table') }}

with accounts as (

    select * from {{ ref('int_crm__accounts') }}

),

versions as (

    select * from {{ ref('int_crm__account_versions_checked') }} where quarantine_reason is null

),

account_periods as (

    select
        periods.period_end,
        accounts.*,
        accounts.created_at is null or {{ reporting_date('accounts.created_at') }} <= periods.period_end as existed,
        {{ day_close('periods.period_end') }} as period_close
    from accounts
    cross join {{ ref('int_periods') }} as periods

)

select
    account_periods.period_end,
    account_periods.account_id,
    {%- for attribute in ['segment', 'region', 'owner_id', 'renewal_status'] %}
    {{ as_then(attribute, 'versions', 'account_periods') }} as {{ attribute }},
    {%- endfor %}
    case
        when versions.account_id is not null and versions.tells_renewal_status
            then case when versions.renewal_status is not null then 'period' end
        when account_periods.renewal_status is not null then 'current'
    end as renewal_status_as_of,
    account_periods.no_nps_form,
    account_periods.existed
from account_periods
left join versions
    on
        account_periods.account_id = versions.account_id
        and {{ valid_before('versions', 'account_periods.period_close') }}
