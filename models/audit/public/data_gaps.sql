-- What landed and cannot be used as it is meant, counted by what it hangs on. Rows with a gap are no broken rows: each is in its mart,
-- with a null where something is missing.
with usable_schedules as (

    select distinct
        source_vendor,
        schedule_id
    from {{ ref('int_support__business_calendar') }}

),

tickets as (

    select
        tickets.source_vendor,
        tickets.severity,
        slas.first_reply_target_minutes,
        slas.resolution_target_minutes,
        coalesce(slas.is_first_reply_target_in_business_hours, false) as is_first_reply_in_business_hours,
        coalesce(slas.is_resolution_target_in_business_hours, false) as is_resolution_in_business_hours,
        usable_schedules.schedule_id is not null as has_schedule
    from {{ ref('int_support__tickets') }} as tickets
    inner join {{ ref('int_support__ticket_slas') }} as slas on tickets.ticket_id = slas.ticket_id
    left join usable_schedules
        on tickets.source_vendor = usable_schedules.source_vendor and tickets.schedule_id = usable_schedules.schedule_id

),

revenue as (

    select
        account_id,
        arr
    from {{ ref('int_billing__account_revenue') }}
    where period_end = {{ as_of_date_sql() }}

),

titles as (

    select
        contacts.source_vendor,
        {{ category('contacts.title') }} as title
    from {{ ref('int_crm__contacts_checked') }} as contacts
    inner join {{ ref('int_crm__contact_role_versions') }} as roles
        on contacts.contact_id = roles.contact_id and roles.valid_from is null
    where contacts.quarantine_reason is null and contacts.title is not null and roles.role_source = 'none'

),

-- of any period end: a status that was left behind is still why the days of then have no signal
unscored_statuses as (

    select distinct
        accounts.source_vendor,
        accounts.account_id,
        {{ category(fold_case('account_periods.renewal_status')) }} as status
    from {{ ref('int_crm__account_periods') }} as account_periods
    inner join {{ ref('int_crm__accounts') }} as accounts on account_periods.account_id = accounts.account_id
    left join {{ ref('int_policy__renewal_scores') }} as renewal_scores
        on
            account_periods.period_end = renewal_scores.period_end
            and {{ fold_case(trimmed('account_periods.renewal_status')) }} = renewal_scores.renewal_status
    where account_periods.existed and renewal_scores.renewal_status is null

),

usage_feeds as (

    select
        source_vendor,
        min(news_date) over (partition by source_vendor) as first_date
    from {{ ref('int_audit__daily_volumes') }}
    where domain = 'usage' and news_date <= {{ as_of_date_sql() }}

),

gaps as (

    select
        'severity_without_target' as gap,
        'support' as domain,
        source_vendor,
        coalesce(severity, '(no severity)') as item
    from tickets
    where first_reply_target_minutes is null and resolution_target_minutes is null

    union all

    {%- for metric in ['first_reply', 'resolution'] %}

    select
        'business_hours_without_schedule' as gap,
        'support' as domain,
        source_vendor,
        '{{ metric }}' as item
    from tickets
    where {{ metric }}_target_minutes is not null and is_{{ metric }}_in_business_hours and not has_schedule

    union all
    {%- endfor %}

    -- a price that nobody knows is a price
    select
        'churned_but_paying' as gap,
        'crm' as domain,
        accounts.source_vendor,
        accounts.account_id as item
    from {{ ref('int_crm__accounts') }} as accounts
    inner join revenue on accounts.account_id = revenue.account_id
    where
        (not accounts.is_active or {{ fold_case('accounts.renewal_status') }} in ('churned', 'lost'))
        and (revenue.arr > 0 or revenue.arr is null)

    union all

    select
        'title_without_role' as gap,
        'crm' as domain,
        source_vendor,
        title as item
    from titles
    where title is not null

    union all

    select
        'renewal_status_not_scored' as gap,
        'crm' as domain,
        source_vendor,
        status as item
    from unscored_statuses
    where status is not null

    union all

    select
        'usage_feed_younger_than_window' as gap,
        'usage' as domain,
        source_vendor,
        'since ' || cast(first_date as {{ dbt.type_string() }}) as item
    from usage_feeds
    where first_date > {{ add_days(as_of_date_sql(), 1 - signal_window('usage')) }}

    union all

    -- restricted.employee_invitations has them; which survey is not said, for the numbers of an employee survey are nobody's
    select
        'invitation_to_nobody_knows_whom' as gap,
        'survey' as domain,
        source_vendor,
        case when survey_id is null then '(no survey)' else '(survey without a purpose)' end as item
    from {{ ref('int_survey__invitations_checked') }}
    where quarantine_reason is null and not is_to_customer and purpose_family is null

)

select
    gap,
    domain,
    source_vendor,
    item,
    count(*) as records
from gaps
group by gap, domain, source_vendor, item
