-- table: salesforce.user
select
    sf_id('005', range) as id,
    'Owner ' || range as name,
    'owner' || range || '@voc-bench.example' as email,
    true as is_active,
    sf_id('005', range // 10 * 10) as manager_id,
    false as _fivetran_deleted,
    cast(getvariable('start') as timestamp) as _fivetran_synced
from range(1 + getvariable('accounts') // 100);

-- table: salesforce.account
select
    id,
    'Customer ' || a as name,
    industry,
    case when a % 20 = 19 then sf_id('001', a - 1 - a % 7) end as parent_id,
    owner_id,
    region as billing_country,
    account_number,
    null as master_record_id,
    false as is_deleted,
    cast(joined_on as timestamp) as created_date,
    segment as segment_c,
    region as region_c,
    a % 50 = 0 as is_key_account_c,
    u('no form', a) < 0.01 as no_nps_form_c,
    cast(seats * case segment when 'enterprise' then 24000 when 'mid_market' then 9600 else 4800 end as decimal(18, 2)) as arr_c,
    seats as seats_c,
    cast(getvariable('last_day') + to_days(cast(u('renewal', a) * 365 as integer)) as date) as renewal_date_c,
    case
        when left_on <= getvariable('last_day') then 'churned'
        else pick(['open', 'open', 'committed', 'at_risk', 'renewed'], u('renewal status', a))
    end as renewal_status_c,
    coalesce(left_on > getvariable('last_day'), true) as is_active_c,
    cast(joined_on as timestamp) + interval 6 hour as _fivetran_synced
from accounts
where joined_on <= getvariable('last_day');

-- table: salesforce.account_history
select
    id,
    segment as segment_c,
    region as region_c,
    owner_id,
    industry,
    false as is_deleted,
    case when version = versions and left_on <= getvariable('last_day') then 'churned'
        else pick(['open', 'committed', 'at_risk'], u('status then', a * 10 + version)) end
        as renewal_status_c,
    cast(getvariable('last_day') + to_days(cast(u('renewal', a) * 365 as integer)) as date) as renewal_date_c,
    joined_on + to_days(300 * cast(version - 1 as integer)) + interval 9 hour as _fivetran_start,
    case
        when version < versions then joined_on + to_days(300 * cast(version as integer)) + interval 9 hour - interval 1 millisecond
        else timestamp '9999-12-31 23:59:59'
    end as _fivetran_end,
    version = versions as _fivetran_active,
    joined_on + to_days(300 * cast(version - 1 as integer)) + interval 12 hour as _fivetran_synced
from (
    select *, unnest(range(1, versions + 1)) as version
    from (
        select
            *,
            1 + least(cast(floor(u('versions', a) * 4) as bigint),
                greatest(0, datediff('day', joined_on, getvariable('last_day'))) // 300) as versions
        from accounts
        where joined_on <= getvariable('last_day')
    )
);

-- table: salesforce.contact
select
    id,
    sf_id('001', a) as account_id,
    email,
    'Person ' || c as name,
    title,
    'Operations' as department,
    crm_role as contact_role_c,
    u('champion', c) < 0.05 as is_champion_c,
    coalesce(gone_at < closes_at(), false) as no_longer_at_company_c,
    known(gone_at) as left_date_c,
    u('opt out', c) < 0.03 as has_opted_out_of_email,
    false as is_deleted,
    null as master_record_id,
    created_at as created_date,
    greatest(created_at, known(gone_at)) + interval 6 hour as _fivetran_synced
from contacts
where created_at < closes_at();

-- table: salesforce.contact_history
select
    id,
    sf_id('001', a) as account_id,
    case when version = 1 then 'Analyst' else title end as title,
    case when version = 2 then crm_role end as contact_role_c,
    false as is_deleted,
    case version when 1 then created_at else changed_at end as _fivetran_start,
    case version when 1 then changed_at - interval 1 millisecond else timestamp '9999-12-31 23:59:59' end as _fivetran_end,
    version = 2 as _fivetran_active,
    case version when 1 then created_at else changed_at end + interval 6 hour as _fivetran_synced
from (
    select *, created_at + to_days(cast(30 + u('changed on', c) * 700 as integer)) as changed_at, unnest([1, 2]) as version
    from contacts
    where u('changed', c) < 0.1
)
where changed_at < closes_at();

-- table: salesforce.account_contact_role
select
    sf_id('02Z', c) as id,
    sf_id('001', a) as account_id,
    id as contact_id,
    pick(['Decision Maker', 'Evaluator', 'Economic Buyer', 'Influencer'], u('part', c)) as role,
    false as is_primary,
    created_at as created_date,
    false as is_deleted,
    created_at as _fivetran_synced
from contacts
where u('has part', c) < 0.05 and created_at < closes_at();

-- table: salesforce.opportunity
select
    sf_id('006', a * 10 + term) as id,
    id as account_id,
    'Renewal' as type,
    case when close_date >= closes_at() then 'Proposal' when left_on <= close_date + interval 30 day then 'Closed Lost'
        else 'Closed Won' end as stage_name,
    cast(seats * case segment when 'enterprise' then 24000 when 'mid_market' then 9600 else 4800 end as decimal(18, 2)) as amount,
    close_date < closes_at() as is_closed,
    close_date < closes_at() and not coalesce(left_on <= close_date + interval 30 day, false) as is_won,
    close_date,
    close_date - interval 90 day as created_date,
    false as is_deleted,
    least(close_date, getvariable('last_day')) as _fivetran_synced
from (
    select *, getvariable('start') + to_days(cast(u('renewal', a) * 365 as integer) + 365 * cast(term as integer)) as close_date
    from accounts, range(3) as terms(term)
)
where close_date - interval 90 day between joined_on and closes_at() and (left_on is null or close_date < left_on + interval 90 day);

-- table: salesforce.opportunity_contact_role
select
    sf_id('00K', c) as id,
    sf_id('006', a * 10 + 1) as opportunity_id,
    id as contact_id,
    'Economic Buyer' as role,
    true as is_primary,
    created_at as created_date,
    false as is_deleted,
    created_at as _fivetran_synced
from contacts
where u('buys', c) < 0.04 and created_at < closes_at();

-- table: salesforce.task
select
    sf_id('00T', number) as id,
    account_id,
    who_id,
    owner_id,
    type,
    type as task_subtype,
    case when type = 'Call' then case when u('inbound', number) < 0.1 then 'Inbound' else 'Outbound' end end as call_type,
    'Completed' as status,
    true as is_closed,
    u('automated', number) < 0.1 as is_automated_c,
    happened_at as created_date,
    happened_at as completed_date_time,
    false as is_deleted,
    happened_at + interval 6 hour as _fivetran_synced
from (
    -- calls after bad answers
    select
        1000000000 + row_number() over (order by response_id) as number,
        accounts.id as account_id,
        sf_id('003', c) as who_id,
        owner_id,
        'Call' as type,
        responded_at + waits('call', n, 40) as happened_at
    from sessions(getvariable('start'), getvariable('last_day'))
    inner join accounts using (a)
    where survey_id = 'SV_relationship' and scores[1] <= 6 and u('called', n) < 0.7
    union all
    -- and what account managers do anyway
    select
        c * 4 + i as number,
        sf_id('001', contacts.a) as account_id,
        contacts.id as who_id,
        owner_id,
        pick(['Email', 'Email', 'Call', 'Meeting'], u('kind of task', c * 4 + i)) as type,
        created_at + to_hours(cast(floor(u('task at', c * 4 + i) * 24000) as bigint)) as happened_at
    from contacts
    inner join accounts using (a), range(4) as parts(i)
)
where happened_at < closes_at();

-- table: salesforce.event
select
    sf_id('00U', a * 20 + q) as id,
    id as account_id,
    null as who_id,
    owner_id,
    'QBR' as type,
    'Event' as event_subtype,
    happened_at as activity_date_time,
    happened_at as start_date_time,
    1 + cast(floor(least(0.99, 0.2 + 0.6 * health + 0.4 * (u('rating', a * 20 + q) - 0.3)) * 5) as bigint) as qbr_rating_c,
    false as is_deleted,
    happened_at as created_date,
    happened_at + interval 6 hour as _fivetran_synced
from (
    select
        *,
        getvariable('start') + to_months(cast(m as integer)) + to_days(cast(u('review', a) * 80 as integer)) + interval 10 hour
            as happened_at,
        m // 3 as q
    from accounts
    inner join account_months using (a)
    where m % 3 = 0 and m < 36 and segment <> 'small_business'
)
where happened_at < closes_at() and is_customer(happened_at, joined_on, left_on);

-- table: salesforce.root_cause_analysis_c
select
    sf_id('a0R', row_number() over (order by response_id)) as id,
    sf_id('001', a) as account_c,
    response_id as response_id_c,
    pick(['Support', 'Product', 'Finance', 'Customer Success'], u('analysis by', n)) as department_c,
    pick(['slow support', 'communication', 'product gap', 'price'], u('cause', n)) as root_cause_c,
    responded_at + interval 3 day as opened_date_c,
    21 as target_days_c,
    known(responded_at + waits('mended', n, 400) + interval 3 day) as closed_date_c,
    u('verified', n) < 0.8 as fix_verified_c,
    false as is_deleted,
    responded_at + interval 3 day as created_date,
    responded_at + interval 3 day as _fivetran_synced
from sessions(getvariable('start'), getvariable('last_day'))
where survey_id = 'SV_relationship' and scores[1] <= 6 and u('analysed', n) < 0.03 and responded_at + interval 3 day < closes_at();
