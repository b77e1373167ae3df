-- Newest record of each vendor, by domain. Usage days carry no vendor, so they stand once.
with newest as (
    select
        'crm' as source_name,
        source_vendor,
        max(cast(created_at as date)) as newest_date,
        count(*) as records
    from dim_accounts
    group by source_vendor
    union all
    select
        'survey' as source_name,
        source_vendor,
        max(responded_date) as newest_date,
        count(*) as records
    from fct_survey_responses
    group by source_vendor
    union all
    select
        'support' as source_name,
        source_vendor,
        max(cast(created_at as date)) as newest_date,
        count(*) as records
    from fct_tickets
    group by source_vendor
    union all
    select
        'billing' as source_name,
        source_vendor,
        max(issued_date) as newest_date,
        count(*) as records
    from fct_invoices
    group by source_vendor
    union all
    select
        'usage' as source_name,
        null as source_vendor,
        max(usage_date) as newest_date,
        count(*) as records
    from fct_account_usage_days
    having count(*) > 0
),

last_run as (
    select max(as_of_date) as as_of_date
    from run_history
    where run_status = 'success'
)

select
    newest.source_name,
    newest.source_vendor,
    newest.newest_date,
    cast(last_run.as_of_date - newest.newest_date as integer) as days_old,
    newest.records
from newest
cross join last_run
order by newest.source_name, newest.source_vendor
