-- Grain: one row per person and period end at which the person could have been asked: known,
-- not gone, not opted out, with the account and role of that day.
with contacts as (

    select * from {{ ref('int_crm__contacts') }}

),

periods as (

    select
        period_end,
        {{ dbt.dateadd('day', 1, 'cast(period_end as ' ~ dbt.type_timestamp() ~ ')') }} as period_close
    from {{ ref('int_periods') }}

),

versions as (

    select * from {{ ref('int_crm__contact_role_versions') }} where role_as_of = 'history'

),

contact_periods as (

    select
        periods.period_end,
        periods.period_close,
        contacts.*
    from contacts
    inner join periods
        on
            (contacts.created_at is null or {{ reporting_date('contacts.created_at') }} <= periods.period_end)
            and (
                not contacts.has_left
                or {{ reporting_date('contacts.left_at') }} > periods.period_end
            )
    where not contacts.is_opted_out

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
        and versions.valid_from < contact_periods.period_close
        and (versions.closed_at is null or versions.closed_at >= contact_periods.period_close)
