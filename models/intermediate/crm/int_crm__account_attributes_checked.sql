-- Grain: one row per sound account, with what is wrong with its attributes. What could not be read, or cannot be, is null from here
-- on; the account stays with all its people and answers.
with accounts as (

    select * from {{ ref('int_crm__accounts_checked') }} where quarantine_reason is null

),

checked as (

    select
        source_vendor,
        account_id,
        cast(case when arr >= 0 then arr end as numeric(18, 2)) as arr,
        case when seats >= 0 then seats end as seats,
        {{ comma_list([
            unread_fields('parse_errors'), "case when arr < 0 then 'arr' end", "case when seats < 0 then 'seats' end",
        ]) }} as attributes_set_aside,
        arr as landed_arr,
        seats as landed_seats,
        parse_errors,
        loaded_at,
        record_id,
        {{ quarantine_reason([
            ['unparseable_value', 'parse_errors is not null'],
            ['negative_amount', 'arr < 0 or seats < 0'],
        ]) }} as quarantine_reason
    from accounts

)

select
    source_vendor,
    account_id,
    arr,
    seats,
    attributes_set_aside,
    loaded_at,
    quarantine_reason,
    record_id,
    {{ payload(['account_id', 'landed_arr', 'landed_seats', 'parse_errors']) }} as payload
from checked
