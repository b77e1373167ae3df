-- shared: pendo.feature_history
id varchar, name varchar, group_id varchar, is_core_event boolean, last_updated_at timestamp, _fivetran_synced timestamp

-- shared: pendo.group
id varchar, name varchar, last_updated_at timestamp, _fivetran_synced timestamp

-- table: pendo.account_history
select
    product_account_id as id,
    joined_on + to_days(100 * cast(version as integer)) as last_updated_at,
    id as metadata_crm_account_id,
    6 as metadata_modules_entitled,
    joined_on + to_days(100 * cast(version as integer)) as _fivetran_synced
from accounts, range(3) as versions(version)
where joined_on + to_days(100 * cast(version as integer)) < closes_at();

-- table: pendo.visitor_history
select
    'VB-' || c as id,
    cast(joined_on as timestamp) as last_updated_at,
    'PB-' || a as account_id,
    case when u('known to pendo', c) < 0.65 then email else 'user' || c || '@customer' || a || '.example' end as metadata_email,
    cast(joined_on as timestamp) as _fivetran_synced
from contacts
where joined_on < closes_at();

-- table: pendo.visitor_account_history
select
    'PB-' || a as account_id,
    'VB-' || c as visitor_id,
    cast(joined_on as timestamp) as visitor_last_updated_at,
    cast(joined_on as timestamp) as _fivetran_synced
from contacts
where joined_on < closes_at();

-- log: pendo.event
select
    'VB-' || c as visitor_id,
    case when u('nameless', n) > 0.002 then 'PB-' || a when u('nameless', n) < 0.0002 then 'PB-unknown' end as account_id,
    'bench_app' as app_id,
    day as timestamp,
    20 + cast(floor(u('events', n) * 100) as bigint) as num_events,
    5 + cast(floor(u('minutes', n) * 60) as bigint) as num_minutes,
    synced(day, 'visit', n) as _fivetran_synced
from visits(getvariable('first_day') - 4, getvariable('last_day'))
where is_landed(_fivetran_synced);

-- log: pendo.feature_event
select
    'VB-' || c as visitor_id,
    'PB-' || a as account_id,
    'bench_app' as app_id,
    pick(
        [
            'FEAT_planning_1', 'FEAT_planning_2', 'FEAT_reporting_1', 'FEAT_reporting_2', 'FEAT_integration_1', 'FEAT_integration_2',
            'FEAT_billing_center_1', 'FEAT_billing_center_2', 'FEAT_mobile_1', 'FEAT_mobile_2', 'FEAT_forecast_1', 'FEAT_forecast_2'
        ],
        (u('feature', n) + i * 0.31) % 1
    ) as feature_id,
    day as timestamp,
    1 + cast(floor(u('clicks', n * 10 + i) * 6) as bigint) as num_events,
    1 + cast(floor(u('clicked minutes', n * 10 + i) * 8) as bigint) as num_minutes,
    synced(day, 'clicks', n * 10 + i) as _fivetran_synced
from (
    select *, unnest(range(cast(floor(u('features', n) * 3.6) as bigint))) as i
    from visits(getvariable('first_day') - 4, getvariable('last_day'))
)
where is_landed(_fivetran_synced);
