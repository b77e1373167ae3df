-- Grain: one row per person and period end at which the person could have been asked: known,
-- not gone, not opted out, with the account and role of that day. Of a person's contacts at that
-- day, who is still there and was made last speaks.
{{ config(materialized='table') }}

with contacts as (

    select * from {{ ref('int_crm__contacts') }}

),

periods as (

    select
        period_end,
        {{ day_close('period_end') }} as period_close
    from {{ ref('int_periods') }}

),

versions as (

    select * from {{ ref('int_crm__contact_role_versions') }} where valid_from is not null

),

contact_periods as (

    select
        periods.period_end,
        periods.period_close,
        contacts.*,
        row_number() over (
            partition by periods.period_end, contacts.contact_key
            order by
                case when contacts.is_gone then 1 else 0 end,
                contacts.created_at desc nulls last,
                contacts.contact_id
        ) as contact_number
    from contacts
    inner join periods
        on
            (contacts.created_at is null or {{ reporting_date('contacts.created_at') }} <= periods.period_end)
            and (
                not contacts.has_left
                or {{ reporting_date('contacts.left_at') }} > periods.period_end
            )

)

select
    contact_periods.period_end,
    contact_periods.contact_key,
    case when versions.contact_id is not null then versions.account_id else contact_periods.account_id end as account_id,
    coalesce(versions.contact_role, contact_periods.contact_role) as contact_role
from contact_periods
left join versions
    on
        contact_periods.contact_id = versions.contact_id
        and {{ valid_before('versions', 'contact_periods.period_close') }}
where contact_periods.contact_number = 1 and not contact_periods.is_opted_out
