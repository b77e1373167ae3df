-- Grain: one row per landed usage day (account, user, day, feature). The largest table of the project: only its quarantined rows carry
-- a payload. Use of a feature that nobody described counts as use, but belongs to no module. Built by days: those whose landed rows
-- are not those they were built from (as far back as usage_lookback_days says), those after as_of_date, those that share a key with
-- another day, and the use of product accounts and features that mean something else now.
{{ config(materialized=incremental(), incremental_strategy='parts', on_schema_change='sync_all_columns') }}

{#- a product account that is not listed may be the CRM's own key -#}
{%- set account_joins %}
    left join {{ ref('int_usage__product_accounts_checked') }} as product_accounts
        on
            usage_days.source_vendor = product_accounts.source_vendor
            and usage_days.product_account_id = product_accounts.product_account_id
            and product_accounts.copy_number = 1
    left join {{ ref('int_crm__account_keys') }} as account_keys on usage_days.product_account_id = account_keys.account_key
{%- endset %}
{%- set account_id =
    "case when product_accounts.product_account_id is null then account_keys.account_id else product_accounts.account_id end"
%}
{%- set known_account_key =
    "case when product_accounts.product_account_id is null then account_keys.account_key else product_accounts.known_account_key end"
%}
{%- set feature_join %}
    left join {{ ref('int_usage__features_checked') }} as features
        on
            usage_days.source_vendor = features.source_vendor
            and usage_days.feature_id = features.feature_id
            and features.quarantine_reason is null
{%- endset %}
{%- set changed_days = changed_parts(
    "select usage_date as part, landed_mark as mark from " ~ ref('int_usage__landed_days') ~ " where " ~ looks_back_to('usage_date'),
    "select usage_date as part, sum(landed_mark) as mark from " ~ this ~ " where " ~ looks_back_to('usage_date') ~ " group by usage_date",
) %}
{%- set late_days =
    "select distinct usage_date from " ~ this ~ " where usage_date > " ~ as_of_date_sql() ~ " or quarantine_reason = 'after_as_of_date'"
%}
{%- set moved_accounts =
    "select distinct usage_days.product_account_id from (select distinct source_vendor, product_account_id, account_id,"
    ~ " quarantine_reason = 'unknown_account' as is_unknown, quarantine_reason = 'ambiguous_account' as is_ambiguous from " ~ this
    ~ ") as usage_days " ~ account_joins ~ " where usage_days.account_id is distinct from " ~ account_id
    ~ " or (usage_days.is_unknown and " ~ known_account_key ~ " is not null)"
    ~ " or (usage_days.is_ambiguous and " ~ known_account_key ~ " is null)"
%}
{%- set changed_features =
    "select distinct usage_days.feature_id from (select distinct source_vendor, feature_id, module, is_sticky from " ~ this
    ~ ") as usage_days " ~ feature_join
    ~ " where usage_days.module is distinct from features.module or usage_days.is_sticky is distinct from features.is_sticky"
%}

{%- set key = "coalesce(usage_day_id, '(missing) on ' || coalesce(cast(usage_date as " ~ dbt.type_string() ~ "), 'no day'))" %}
{%- set changed = in_parts([
    ['usage_date', changed_days],
    ['usage_date', late_days],
    ['product_account_id', moved_accounts],
    ['feature_id', changed_features],
], 'usage_date', 'select usage_date as day, landed_rows as n from ' ~ ref('int_usage__landed_days'), {
    'source': '(select * from ' ~ ref('int_usage__usage_days_unioned') ~ ' where not is_grouped) as ungrouped',
    'key': 'usage_day_id', 'part': 'usage_date', 'condition': 'usage_day_id is not null',
}) %}

-- copies are looked for where there can be any: a window over all rows takes longer than all the rest
with usage_days as (

    select
        *,
        1 as copy_number
    from {{ ref('int_usage__usage_days_unioned') }}
    where is_grouped and {{ changed }}

    union all

    select
        *,
        {{ copy_number('source_vendor, usage_day_id, case when usage_day_id is null then usage_date end', [
            'loaded_at desc nulls last', 'events desc', 'logins desc', 'minutes', 'product_account_id', 'product_user_id', 'usage_date', 'feature_id'
        ]) }}
            as copy_number
    from {{ ref('int_usage__usage_days_unioned') }}
    where not is_grouped and {{ changed }}

),

resolved as (

    select
        usage_days.*,
        {{ known_account_key }} as known_account_key,
        {{ account_id }} as account_id,
        features.module,
        features.is_sticky
    from usage_days
    {{- account_joins }}
    {{- feature_join }}

),

checked as (

    select
        *,
        {{ quarantine_reason([
            ['missing_key', 'usage_day_id is null'],
            ['unparseable_value', 'parse_errors is not null'],
            ['duplicate_key', 'copy_number > 1'],
            ['missing_time', 'usage_date is null'],
            ['implausible_time', "usage_date < date '1990-01-01'"],
            ['after_as_of_date', 'usage_date > ' ~ as_of_date_sql()],
        ] + account_reasons('product_account_id', 'known_account_key', 'account_id', is_needed=true) + [
            ['negative_amount', 'events < 0 or logins < 0 or minutes < 0'],
        ]) }} as quarantine_reason
    from resolved

)

select
    source_vendor,
    -- the key of what staging grouped is the next four
    case when not is_grouped then usage_day_id end as usage_day_id,
    product_account_id,
    product_user_id,
    usage_date,
    feature_id,
    events,
    logins,
    minutes,
    landed_mark,
    landed_rows,
    surplus_events,
    copied_events,
    account_id,
    module,
    is_sticky,
    quarantine_reason,
    {{ row_mark(['landed_mark', 'account_id', 'module', 'is_sticky', 'quarantine_reason']) }} as row_mark,
    '{{ recipe() }}' as recipe,
    -- millions of sound rows need none; a row without a key is numbered within its day
    case when quarantine_reason is not null then {{ record_id(key) }} end as record_id,
    {{ payload([
        'product_account_id', 'product_user_id', 'usage_date', 'feature_id', 'events', 'logins', 'minutes', 'parse_errors',
    ], numbers=['minutes'], persons=['product_user_id']) }} as payload
from checked
