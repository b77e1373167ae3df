-- Grain: one row per landed activity, with the account it names; where it names none, the account
-- its contact had then. One without account (internal, or with somebody whom only a survey knows), or without time and not done
-- (planned), is no fault.
{{ config(materialized='table') }}

with activities as (

    select
        *,
        contact_ref as crm_contact_ref,
        contact_ref as external_contact_ref,
        cast(null as {{ dbt.type_string() }}) as email_key,
        {{ copy_number('activity_id', [
            'loaded_at desc nulls last', 'occurred_at desc nulls last', 'source_vendor', 'account_ref', 'contact_ref', 'rating desc nulls last',
            'owner_id', 'activity_type', 'is_outbound', 'is_automated', 'has_happened',
        ]) }} as copy_number
    from {{ ref('int_crm__activities_unioned') }}

),

account_keys as (

    select * from {{ ref('int_crm__account_keys') }}

),

matched as (

    select
        activities.*,
        {{ matched_contact('contact_id') }} as contact_id,
        {{ matched_contact_key('activities') }} as contact_key
    from activities
    {{ match_contact_joins('activities') }}

),

resolved as (

    select
        matched.*,
        account_keys.account_key as known_account_key,
        account_keys.account_id as named_account_id,
        case
            when matched.account_ref is not null then account_keys.account_id
            when then_roles.contact_id is not null then then_roles.account_id
            else current_roles.account_id
        end as account_id
    from matched
    left join account_keys on matched.account_ref = account_keys.account_key
    {{ contact_role_joins('matched', 'occurred_at') }}

),

checked as (

    select
        *,
        {{ quarantine_reason([
            ['missing_key', 'activity_id is null'],
            ['duplicate_key', 'copy_number > 1'],
            ['unparseable_value', 'parse_errors is not null'],
            ['missing_time', 'has_happened and occurred_at is null'],
            ['implausible_time', is_before_plausible('occurred_at')],
            ['after_as_of_date', is_after_as_of('occurred_at')],
        ] + account_reasons('account_ref', 'known_account_key', 'named_account_id') + [
            ['no_account', 'rating is not null and account_id is null'],
            ['score_out_of_scale', 'rating < 1 or rating > 5'],
        ]) }} as quarantine_reason
    from resolved

)

select
    *,
    {{ record_id('activity_id') }} as record_id,
    {{ payload([
        'activity_id', 'account_ref', 'contact_ref', 'activity_type', 'occurred_at', 'rating', 'parse_errors',
    ], numbers=['rating'], persons=['contact_ref']) }} as payload
from checked
