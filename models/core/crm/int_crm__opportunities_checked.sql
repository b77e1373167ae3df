-- Grain: one row per landed deal, with its account. A planned close date lies in the future and is
-- no fault; a deal that was decided needs the day.
with opportunities as (

    select
        *,
        {{ copy_number('opportunity_id', [
            'loaded_at desc nulls last', 'created_at desc nulls last', 'source_vendor', 'is_closed desc nulls last', 'close_date desc nulls last',
            'account_ref', 'stage', 'opportunity_type', 'amount', 'currency', 'is_won',
        ]) }} as copy_number
    from {{ ref('int_crm__opportunities_unioned') }}

),

account_keys as (

    select * from {{ ref('int_crm__account_keys') }}

),

checked as (

    select
        opportunities.*,
        account_keys.account_id,
        {{ quarantine_reason([
            ['missing_key', 'opportunities.opportunity_id is null'],
            ['duplicate_key', 'opportunities.copy_number > 1'],
            ['unparseable_value', 'opportunities.parse_errors is not null'],
            ['missing_time', 'opportunities.is_closed and opportunities.close_date is null'],
            ['implausible_time', is_before_plausible('opportunities.created_at') ~ " or opportunities.close_date < date '1990-01-01'"],
            ['after_as_of_date', is_after_as_of('opportunities.created_at')],
        ] + account_reasons('opportunities.account_ref', 'account_keys.account_key', 'account_keys.account_id')) }} as quarantine_reason
    from opportunities
    left join account_keys on opportunities.account_ref = account_keys.account_key

)

select
    *,
    {{ record_id('opportunity_id') }} as record_id,
    {{ payload(['opportunity_id', 'account_ref', 'opportunity_type', 'stage', 'close_date', 'created_at', 'parse_errors']) }} as payload
from checked
