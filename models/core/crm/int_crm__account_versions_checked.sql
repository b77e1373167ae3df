-- Grain: one row per landed version of an account. Versions are cut where the next begins,
-- so that one moment has one version; the connector's last millisecond closes no gap.
{{ config(materialized='table') }}

with versions as (

    select
        *,
        {{ copy_number('account_id, valid_from', [
            'loaded_at desc nulls last', 'valid_to desc nulls first', 'source_vendor', 'segment', 'region', 'owner_id',
            'renewal_status', 'renewal_date', 'industry',
        ]) }} as copy_number
    from {{ ref('int_crm__account_versions_unioned') }}

),

accounts as (

    select account_id from {{ ref('int_crm__accounts_checked') }} where quarantine_reason is null

),

checked as (

    select
        versions.*,
        {{ quarantine_reason([
            ['missing_key', 'versions.account_id is null'],
            ['unparseable_value', 'versions.parse_errors is not null'],
            ['missing_time', 'versions.valid_from is null'],
            ['duplicate_key', 'versions.copy_number > 1'],
            ['invalid_interval', 'versions.valid_to < versions.valid_from'],
            ['unknown_account', 'accounts.account_id is null'],
        ]) }} as quarantine_reason
    from versions
    left join accounts on versions.account_id = accounts.account_id

)

select
    *,
    {{ closed_at('account_id') }} as closed_at,
    {{ tells(['segment', 'region', 'owner_id', 'renewal_status']) }}
    {{ version_record_id('account_id') }} as record_id,
    {{ payload(['account_id', 'valid_from', 'valid_to', 'parse_errors']) }} as payload
from checked
