-- Grain: one row per row of health_overrides, with the account that its reference leads to.
with overrides as (

    select * from {{ ref('health_overrides') }}

),

account_keys as (

    select * from {{ ref('int_crm__account_keys') }}

),

resolved as (

    select
        'policy' as source_vendor,
        overrides.account_ref,
        account_keys.account_id,
        overrides.band,
        overrides.author,
        overrides.reason,
        overrides.starts_at,
        overrides.expires_at,
        {{ quarantine_reason(
            account_reasons('overrides.account_ref', 'account_keys.account_key', 'account_keys.account_id', is_needed=true)
        ) }} as quarantine_reason
    from overrides
    left join account_keys on {{ trimmed('overrides.account_ref') }} = account_keys.account_key

)

select
    *,
    account_ref || ' from ' || cast(starts_at as {{ dbt.type_string() }}) as record_id,
    {{ payload(['account_ref', 'band', 'starts_at', 'expires_at']) }} as payload
from resolved
