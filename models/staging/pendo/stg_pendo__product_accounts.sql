-- Grain: the newest version of an account, every landed copy of it, and beside it those whose time cannot be read.
-- Deleted accounts stay: their use is history.
{{ config(enabled=is_listed('usage', 'pendo') or is_listed('survey', 'pendo')) }}
{%- set account = landed('pendo', 'account_history') %}
{%- set keys = [
    'metadata_crm_account_id', 'metadata_salesforce_account_id', 'metadata_agent_accountid', 'crm_account_id', 'salesforce_id'
] %}
{%- set modules = ['metadata_modules_entitled', 'metadata_agent_modules_entitled', 'modules_entitled'] %}

with versions as (

    select
        {{ field(account, 'id', required=true) }} as product_account_id,
        coalesce(
            {%- for key in keys %}
            {{ field(account, key) }}{{ ',' if not loop.last }}
            {%- endfor %}
        ) as account_ref,
        {{ field(account, modules, 'bigint') }} as modules_entitled,
        {{ field(account, 'last_updated_at', 'timestamp') }} as updated_at,
        {{ loaded_at(account) }} as loaded_at,
        {{ parse_errors(account) }} as parse_errors
    from {{ landed_from(account) }}
    where
        {{ live_rows(account, history=true, keep_deleted=true) }}

),

latest as (

    select
        *,
        rank() over (partition by product_account_id order by updated_at desc nulls last) as nth_latest
    from versions

)

select
    product_account_id,
    account_ref,
    modules_entitled,
    loaded_at,
    parse_errors
from latest
where nth_latest = 1 or product_account_id is null or (updated_at is null and parse_errors is not null)
