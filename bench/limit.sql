-- The most expensive public marts straight from the landed tables, by hand: as fast as we know how on
-- DuckDB, with no layers, no contracts and no quarantine. It knows this landed data: which columns are
-- there and which rules its rows break. limit.py runs it and compares what comes out with dbt's marts.
-- Variables: landed (folder), seeds (folder), salt, as_of (date).

create macro parquet(name) as table from read_parquet(getvariable('landed') || '/' || name || '/*.parquet');

create macro policy(name) as table from read_csv(getvariable('seeds') || '/policy/' || name || '.csv');

create macro reference(name) as table from read_csv(getvariable('seeds') || '/reference/' || name || '.csv');

create macro person_hash(x) as substring(sha256(getvariable('salt') || sha256(getvariable('salt') || x)), 1, 32);

create macro mail(x) as nullif(lower(trim(x)), '');

create macro words_of(text) as
    trim(regexp_replace(lower(text), '[\s!"#$%&''()*+,./:<=>?@\[\]^_`{|}~ 　–—‘’“”«»·•\\-]+', ' ', 'g'));

create macro minutes(a, b) as date_diff('microsecond', a, b) / 60000000.0;

-- ---------------------------------------------------------------- accounts, and what else may name them
create temp table landed_accounts as
from (
    select
        id as account_id,
        account_number as external_id,
        master_record_id,
        segment_c as segment,
        region_c as region,
        row_number() over (partition by id order by _fivetran_synced desc nulls last, created_date desc nulls last, name, arr_c) as copy
    from parquet('salesforce/account')
    where not is_deleted or master_record_id is not null
)
where copy = 1;

create temp table survivors as
with recursive chain as (
    select account_id, account_id as reached_id, 0 as steps from landed_accounts
    union all
    select chain.account_id, landed_accounts.master_record_id, steps + 1
    from chain
    inner join landed_accounts on reached_id = landed_accounts.account_id
    where landed_accounts.master_record_id is not null and steps < 20
)
select
    account_id as known_id,
    arg_max(reached_id, steps) as account_id
from chain
group by account_id;

create temp table account_keys as
with claims as (
    select known_id as key, account_id, 1 as precedence from survivors
    union all
    select known_id[1:15], account_id, 2 from survivors where length(known_id) = 18
    union all
    select external_id, survivors.account_id, 3
    from survivors
    inner join landed_accounts on known_id = landed_accounts.account_id
    where external_id is not null
), ranked as (
    select *, min(precedence) over (partition by key) as best from claims
)
select key, min(account_id) as account_id
from ranked
where precedence = best
group by key
having count(distinct account_id) = 1;

create temp table accounts as
select landed_accounts.account_id, coalesce(segment, 'unknown') as segment, coalesce(region, 'unknown') as region
from landed_accounts
inner join account_keys on landed_accounts.account_id = key and landed_accounts.account_id = account_keys.account_id;

create temp table account_versions as
with versions as (
    select
        history.id as account_id,
        _fivetran_start as valid_from,
        _fivetran_end as valid_to,
        segment_c as segment,
        region_c as region,
        lead(_fivetran_start) over (partition by history.id order by _fivetran_start) as next_from
    from (
        from parquet('salesforce/account_history')
        qualify row_number() over (partition by id, _fivetran_start order by _fivetran_synced desc) = 1
    ) as history
    inner join landed_accounts on history.id = landed_accounts.account_id
    where not is_deleted
)
select
    account_id,
    segment,
    region,
    valid_from,
    case when valid_to >= next_from - interval 1 second then next_from else valid_to end as closed_at
from versions;

-- ---------------------------------------------------------------- people
create temp table landed_contacts as
from (
    select
        contact.id as contact_id,
        account_keys.account_id,
        contact.account_id as named_account_id,
        mail(email) as email,
        title,
        contact_role_c as crm_role,
        coalesce(no_longer_at_company_c, false) or left_date_c is not null as has_left,
        left_date_c as left_at,
        master_record_id,
        created_date as created_at,
        row_number() over (partition by contact.id order by contact._fivetran_synced desc nulls last, created_date desc nulls last) as copy
    from parquet('salesforce/contact') as contact
    left join account_keys on contact.account_id = key
    where not is_deleted or master_record_id is not null
)
where copy = 1 and (account_id is not null or named_account_id is null);

-- every mail that anybody has, hashed once
create temp table mails as
select email, person_hash(email) as email_key
from (
    select email from landed_contacts
    union
    select mail(email) from parquet('zendesk/user')
    union
    select mail(email) from parquet('qualtrics/directory_contact')
    union
    select mail(recipient_email) from parquet('qualtrics/survey_response')
)
where email is not null;

create temp table people as
with known as (
    select
        landed_contacts.* exclude (email),
        email_key,
        coalesce(email_key, person_hash(contact_id)) as contact_key
    from landed_contacts
    left join mails on landed_contacts.email = mails.email
), merged as (
    select
        known.*,
        coalesce(second.contact_id, first.contact_id, known.contact_id) as survivor_id
    from known
    left join known as first on known.master_record_id = first.contact_id
    left join known as second on first.master_record_id = second.contact_id
)
from merged;

create temp table person_ids as
with claims as (
    select contact_id as key, survivor_id, 1 as precedence from people
    union all
    select contact_id[1:15], survivor_id, 2 from people where length(contact_id) = 18
)
select key, people.contact_id, people.contact_key
from (from claims qualify row_number() over (partition by key order by precedence, survivor_id) = 1) as claimed
inner join people on claimed.survivor_id = people.contact_id;

create temp table person_mails as
select claims.email_key, claims.survivor_id as contact_id, people.contact_key
from (select email_key, survivor_id, case when survivor_id = contact_id then 1 else 2 end as precedence
    from people where email_key is not null) as claims
inner join people on claims.survivor_id = people.contact_id
qualify row_number() over (
    partition by claims.email_key
    order by
        precedence,
        case when has_left and coalesce(cast(left_at as date) <= getvariable('as_of'), true) then 1 else 0 end,
        created_at desc nulls last,
        claims.survivor_id
) = 1;

-- the first rule that a title or a role text meets
create temp table role_texts as
with texts as (
    select 'title' as applies_to, title as text from landed_contacts
    union
    select 'title', title from parquet('salesforce/contact_history')
    union
    select 'crm_role', crm_role from landed_contacts
    union
    select 'crm_role', contact_role_c from parquet('salesforce/contact_history')
    union
    select 'crm_role', role from parquet('salesforce/account_contact_role')
    union
    select 'crm_role', role from parquet('salesforce/opportunity_contact_role')
), words as (
    select applies_to, text, words_of(text) as words
    from texts
    where text is not null
), rules as (
    select * exclude (pattern), words_of(pattern) as pattern
    from policy('title_roles')
)
select words.applies_to, text, arg_min(contact_role, rule_order) as contact_role
from words
inner join rules
    on
        words.applies_to = rules.applies_to
        and case match_type
            when 'contains' then contains(words, pattern)
            when 'word' then contains(' ' || replace(words, ';', ' ; ') || ' ', ' ' || pattern || ' ')
            when 'equals' then contains(';' || replace(replace(words, '; ', ';'), ' ;', ';') || ';', ';' || pattern || ';')
        end
group by words.applies_to, text;

create temp table played_roles as
with played as (
    select contact_id, account_id, role, 1 as origin, is_primary, created_date from parquet('salesforce/account_contact_role')
    union all
    select contact_id, account_id, role, 2, is_primary, parts.created_date
    from parquet('salesforce/opportunity_contact_role') as parts
    inner join parquet('salesforce/opportunity') as opportunity on opportunity_id = opportunity.id
)
select played.contact_id, account_keys.account_id, contact_role
from played
inner join account_keys on played.account_id = key
inner join role_texts on applies_to = 'crm_role' and role = text
qualify row_number() over (
    partition by played.contact_id, account_keys.account_id
    order by origin, case when is_primary then 1 else 2 end, created_date desc nulls last, role
) = 1;

create temp table person_versions as
with versions as (
    select contact_id, account_id, title, crm_role, null::timestamp as valid_from, null::timestamp as closed_at, 'current' as role_as_of
    from landed_contacts
    union all
    select
        contact_id,
        account_id,
        title,
        crm_role,
        valid_from,
        case when valid_to >= next_from - interval 1 second then next_from else valid_to end,
        'history'
    from (
        select
            history.id as contact_id,
            account_keys.account_id,
            history.title,
            history.contact_role_c as crm_role,
            _fivetran_start as valid_from,
            _fivetran_end as valid_to,
            lead(_fivetran_start) over (partition by history.id order by _fivetran_start) as next_from
        from parquet('salesforce/contact_history') as history
        inner join landed_contacts on history.id = landed_contacts.contact_id
        left join account_keys on history.account_id = key
        where not is_deleted
    )
)
select
    versions.* exclude (title, crm_role),
    coalesce(by_field.contact_role, played_roles.contact_role, by_title.contact_role, 'unknown') as contact_role
from versions
left join role_texts as by_field on by_field.applies_to = 'crm_role' and crm_role = by_field.text
left join played_roles on versions.contact_id = played_roles.contact_id and versions.account_id = played_roles.account_id
left join role_texts as by_title on by_title.applies_to = 'title' and title = by_title.text;

create temp table current_versions as
select contact_id, account_id, contact_role from person_versions where role_as_of = 'current';

create temp table past_versions as
select contact_id, account_id, contact_role, valid_from, closed_at from person_versions where role_as_of = 'history';

-- ---------------------------------------------------------------- teams
create temp table support_teams as
with teams as (
    from parquet('generic/teams')
), named as (
    select lower(trim(team_name)) as name, min(team_id) as team_id from teams group by 1
), referred as (
    select support_team_ref, min(team_id) as team_id from teams where support_team_ref is not null group by 1
)
select
    cast(id as varchar) as support_team_id,
    landed.name as team_name,
    coalesce(referred.team_id, named.team_id, cast(id as varchar)) as team_id
from parquet('zendesk/group') as landed
left join referred on cast(id as varchar) = support_team_ref
left join named on lower(trim(landed.name)) = named.name
where not _fivetran_deleted;

create temp table team_keys as
with claims as (
    select team_id as key, team_id, 1 as precedence from parquet('generic/teams')
    union all
    select support_team_id, team_id, 2 from support_teams
    union all
    select support_team_ref, team_id, 3 from parquet('generic/teams')
    union all
    select lower(trim(team_name)), team_id, 4 from parquet('generic/teams')
    union all
    select lower(trim(team_name)), team_id, 5 from support_teams
)
select key, team_id
from claims
where key <> ''
qualify row_number() over (partition by key order by precedence, team_id) = 1;

create table dim_teams as
with supporting as (
    select team_keys.team_id, min(team_name) as team_name
    from support_teams
    inner join team_keys on support_team_id = key
    group by team_keys.team_id
), decided as (
    select team_id, min(department) as department
    from policy('departments')
    inner join team_keys on trim(team) = key or lower(trim(team)) = lower(key)
    group by team_id
)
select
    team_id,
    coalesce(teams.team_name, supporting.team_name, team_id) as team_name,
    coalesce(decided.department, teams.department) as department,
    coalesce(parent_by_key.team_id, parent_by_name.team_id) as parent_team_id,
    case when supporting.team_id is null then 'employee' when teams.team_id is null then 'support' else 'employee, support' end as sources
from parquet('generic/teams') as teams
full join supporting using (team_id)
left join decided using (team_id)
left join team_keys as parent_by_key on teams.parent_team_id = parent_by_key.key
left join team_keys as parent_by_name on lower(trim(teams.parent_team_id)) = parent_by_name.key;

-- ---------------------------------------------------------------- use of the product
create temp table features as
select
    feature.id as feature_id,
    1 << (dense_rank() over (order by coalesce(area.name, group_id)) - 1) as module,
    coalesce(is_core_event, false) as is_sticky
from (from parquet('pendo/feature_history') qualify row_number() over (partition by id order by last_updated_at desc) = 1) as feature
left join parquet('pendo/group') as area on group_id = area.id;

create temp table product_accounts as
select *, cast(row_number() over () as integer) as number, count(*) over (partition by account_id) > 1 as has_siblings
from (
    select id as product_account_id, account_keys.account_id
    from (
        select id, arg_max(metadata_crm_account_id, (last_updated_at, _fivetran_synced)) as key
        from parquet('pendo/account_history')
        group by id
    )
    inner join account_keys using (key)
);

create temp table visitors as
select visitor_id, min(account_id) as account_id
from (
    select id as visitor_id, account_id from parquet('pendo/visitor_history')
    union all
    select visitor_id, account_id from parquet('pendo/visitor_account_history')
)
group by visitor_id
having count(distinct account_id) = 1;

-- One group a visitor and day, with narrow keys: a number for the account, a hash for the visitor. The few events without an account
-- are read once more, so that the many need not be kept.
create table fct_account_usage_days as
with buckets as not materialized (
    select account_id, visitor_id, timestamp, num_events as events, 0 as clicks, 0::bigint as module, false as is_sticky
    from parquet('pendo/event')
    where account_id is not null
    union all
    select visitors.account_id, visitor_id, timestamp, num_events, 0, 0, false
    from parquet('pendo/event') as event
    inner join visitors using (visitor_id)
    where event.account_id is null
    union all
    select account_id, visitor_id, timestamp, 0, num_events, coalesce(module, 0), coalesce(is_sticky, false)
    from parquet('pendo/feature_event')
    left join features using (feature_id)
    where account_id is not null
    union all
    select visitors.account_id, visitor_id, timestamp, 0, num_events, coalesce(module, 0), coalesce(is_sticky, false)
    from parquet('pendo/feature_event') as event
    inner join visitors using (visitor_id)
    left join features using (feature_id)
    where event.account_id is null
), visits as not materialized (
    select
        number,
        has_siblings,
        hash(visitor_id) as visitor,
        cast(timestamp as date) as usage_date,
        sum(cast(events as double)) as events,
        sum(cast(clicks as double)) as clicks,
        bit_or(module) as modules,
        bool_or(is_sticky) as is_sticky
    from buckets
    inner join product_accounts on buckets.account_id = product_account_id
    where timestamp < getvariable('as_of') + interval 1 day
    group by all
)
-- a visitor is one group of an account, unless the product knows the account by several keys
select
    account_id,
    usage_date,
    count(*) as active_users,
    count(*) as logins,
    cast(sum(greatest(events, clicks)) as bigint) as events,
    bit_count(bit_or(modules)) as modules_used,
    count(*) filter (is_sticky) as sticky_feature_users
from visits
inner join product_accounts using (number)
where not visits.has_siblings
group by account_id, usage_date
union all
select
    account_id,
    usage_date,
    count(distinct visitor),
    count(*),
    cast(sum(greatest(events, clicks)) as bigint),
    bit_count(bit_or(modules)),
    count(distinct visitor) filter (is_sticky)
from visits
inner join product_accounts using (number)
where visits.has_siblings
group by account_id, usage_date;

-- ---------------------------------------------------------------- tickets
create temp table users as
select
    id as user_id,
    lower(role) in ('agent', 'admin') as is_agent,
    external_id,
    coalesce(person_ids.contact_id, person_mails.contact_id) as contact_id,
    coalesce(person_ids.contact_key, person_mails.contact_key, mails.email_key, person_hash(external_id)) as contact_key
from parquet('zendesk/user') as landed
left join mails on mail(landed.email) = mails.email
left join person_ids on external_id = key
left join person_mails on mails.email_key = person_mails.email_key;

create temp table organizations as
select id as organization_id, external_id, account_id
from parquet('zendesk/organization')
left join account_keys on external_id = key;

create temp table landed_tickets as
select
    ticket.id,
    ticket.organization_id,
    organizations.organization_id is not null as is_known_organization,
    organizations.external_id is null and ticket.organization_id is null or (organizations.organization_id is not null
        and organizations.external_id is null)
        as names_no_account,
    organizations.account_id as named_account_id,
    requester_id,
    assignee_id,
    group_id,
    custom_topic as topic,
    via_channel as channel,
    type as ticket_type,
    priority as severity,
    lower(status) as status,
    via_channel is distinct from 'chat' as has_reply_log,
    created_at,
    merged_ticket_ids,
    coalesce(_fivetran_deleted, false) or lower(status) = 'deleted' as is_deleted
from parquet('zendesk/ticket') as ticket
left join organizations using (organization_id);

create temp table deleted_tickets as select cast(id as varchar) as ticket_id from landed_tickets where is_deleted;

create temp table agents as
select user_id from users where is_agent
union
select assignee_id from parquet('zendesk/ticket') where assignee_id is not null
union
select try_cast(value as bigint) from parquet('zendesk/ticket_field_history') where field_name = 'assignee_id' and value is not null;

-- One pass over the log. What only an order of the changes can tell is asked of the few tickets that were open again.
create temp table changes as
select
    ticket_id,
    min(updated) as first_change_at,
    min(updated) filter (field_name = 'assignee_id' and value is not null) as first_assigned_at,
    min(updated) filter (field_name = 'status' and value in ('solved', 'closed')) as first_solved_at,
    max(updated) filter (field_name = 'status' and value not in ('solved', 'closed')) as last_open_at,
    arg_max(
        value,
        epoch_us(updated) * 8
        + case value when 'new' then 1 when 'open' then 2 when 'pending' then 3 when 'hold' then 4 when 'solved' then 5
            when 'closed' then 6 else 0 end
    ) filter (field_name = 'status') as status
from parquet('zendesk/ticket_field_history')
where field_name in ('status', 'assignee_id', 'group_id', 'priority') and updated < getvariable('as_of') + interval 1 day
group by ticket_id;

create temp table reopenings as
with again as (
    select ticket_id from changes where last_open_at > first_solved_at
), ordered as (
    select
        ticket_id,
        updated,
        value in ('solved', 'closed') as is_solved,
        lag(value in ('solved', 'closed')) over (
            partition by ticket_id
            order by
                updated,
                case value when 'new' then 1 when 'open' then 2 when 'pending' then 3 when 'hold' then 4 when 'solved' then 5
                    when 'closed' then 6 else 0 end
        ) as was_solved
    from parquet('zendesk/ticket_field_history')
    inner join again using (ticket_id)
    where field_name = 'status' and updated < getvariable('as_of') + interval 1 day
)
select
    ticket_id,
    max(updated) filter (is_solved and was_solved is not true) as last_solved_at,
    count(*) filter (not is_solved and was_solved) as reopens
from ordered
group by ticket_id;

create temp table replies as
select
    ticket_id,
    min(created) as first_replied_at,
    count(*) as agent_replies
from parquet('zendesk/ticket_comment') as comment
inner join landed_tickets on ticket_id = landed_tickets.id
where
    public
    and created > landed_tickets.created_at
    and created < getvariable('as_of') + interval 1 day
    and user_id >= 0
    and user_id <> requester_id
    and (via_channel is null or via_channel not in ('rule', 'trigger', 'automation', 'system') and via_channel not like 'answer_bot%')
    and user_id in (from agents)
group by ticket_id;

create temp table schedules as
select id as schedule_id, start_time, end_time, coalesce(iana_name, time_zone) as zone, dense_rank() over (order by id) as number
from parquet('zendesk/schedule')
left join policy('time_zones') on lower(trim(time_zone)) = lower(rails_name)
where not _fivetran_deleted;

-- Open minutes of a schedule before each stretch of a UTC day: a clock is two look-ups.
create temp table calendar as
with days as (
    select cast(range as date) as utc_date
    from range(
        (select min(created_at) from landed_tickets) - interval 1 day,
        getvariable('as_of') + interval 3 day,
        interval 1 day
    )
), zones as (
    select distinct zone from schedules
), quarters as (
    -- one stretch a day, more where clocks change
    select zone, utc_date, min(starts_at) as starts_at, max(starts_at) + interval 15 minute as ends_at, shift
    from (
        select
            zone,
            utc_date,
            utc_date + interval 15 minute * q as starts_at,
            cast(round(minutes(utc_date + interval 15 minute * q, timezone(zone, timezone('UTC', utc_date
                + interval 15 minute * q)))) as integer) as shift
        from days, zones, range(96) as quarters(q)
    )
    group by zone, utc_date, shift
), openings as (
    select
        number,
        utc_date,
        greatest(starts_at, local_date + to_minutes(greatest(start_time - weekday * 1440, 0) - shift)) as starts_at,
        least(ends_at, local_date + to_minutes(least(end_time, (weekday + 1) * 1440) - weekday * 1440 - shift)) as open_until
    from (
        select *, isodow(local_date) % 7 as weekday
        from (
            select *, cast(starts_at + to_minutes(shift) as date) + cast(step as integer) as local_date
            from quarters, range(2) as steps(step)
        )
    ) as local_days
    inner join schedules using (zone)
    where
        start_time < (weekday + 1) * 1440
        and end_time > weekday * 1440
        and not exists (
            from parquet('zendesk/schedule_holiday') as holiday
            where not _fivetran_deleted and holiday.schedule_id = schedules.schedule_id and local_date between start_date and end_date
        )
), stretches as (
    select number, utc_date, greatest(starts_at, utc_date::timestamp) as starts_at, open_until from openings where starts_at < open_until
    union all
    select distinct number, utc_date, utc_date::timestamp, utc_date::timestamp from schedules, days
)
select
    number,
    utc_date,
    starts_at,
    coalesce(lead(starts_at) over (partition by number, utc_date order by starts_at, open_until), utc_date + interval 1 day) as ends_at,
    open_until,
    coalesce(sum(cast(round(minutes(starts_at, open_until)) as bigint)) over (
        partition by number order by starts_at, open_until rows between unbounded preceding and 1 preceding
    ), 0) as minutes_before
from stretches;

create temp table tickets as
with default_schedule as (
    select arg_min(id, (created_at, cast(id as varchar))) as schedule_id
    from (select id, min(created_at) as created_at from parquet('zendesk/schedule') where not _fivetran_deleted group by id)
), own_schedules as (
    select ticket_id, arg_max(schedule_id, (created_at, schedule_id)) as schedule_id
    from parquet('zendesk/ticket_schedule')
    group by ticket_id
), merges as (
    select cast(unnest(string_split(regexp_replace(merged_ticket_ids, '[^0-9,]', '', 'g'), ',')) as bigint)
        as ticket_id, min(cast(id as varchar)) as into_id
    from landed_tickets
    where merged_ticket_ids <> '[]'
    group by 1
), tags as (
    select distinct ticket_id from parquet('zendesk/ticket_tag') where lower(tag) = 'closed_by_merge'
)
select
    landed.id,
    cast(landed.id as varchar) as ticket_id,
    case
        when not names_no_account then named_account_id
        when past.contact_id is not null then past.account_id
        else current_versions.account_id
    end as account_id,
    users.contact_key,
    cast(assignee_id as varchar) as agent_id,
    team_keys.team_id,
    topic,
    channel,
    ticket_type,
    severity,
    coalesce(changes.status, landed.status) as status,
    coalesce(changes.status, landed.status) in ('solved', 'closed') as is_solved,
    landed.created_at,
    changes.first_assigned_at,
    case when has_reply_log then replies.first_replied_at end as first_replied_at,
    case when has_reply_log and (changes.ticket_id is not null or replies.ticket_id is not null) then coalesce(agent_replies, 0) end
        as agent_replies,
    has_reply_log,
    changes.first_solved_at,
    coalesce(reopenings.last_solved_at, changes.first_solved_at) as last_solved_at,
    case when changes.status is not null then coalesce(reopenings.reopens, 0) end as reopens,
    coalesce(own_schedules.schedule_id, default_schedule.schedule_id) as schedule_id,
    merges.into_id as merged_into_ticket_id,
    merges.ticket_id is not null or tags.ticket_id is not null as is_merged
from landed_tickets as landed
cross join default_schedule
left join users on requester_id = user_id
left join past_versions as past
    on
        names_no_account
        and users.contact_id = past.contact_id
        and past.valid_from <= landed.created_at
        and (past.closed_at is null or landed.created_at < past.closed_at)
left join current_versions on users.contact_id = current_versions.contact_id
left join team_keys on cast(group_id as varchar) = key
left join changes on landed.id = changes.ticket_id
left join reopenings on landed.id = reopenings.ticket_id
left join replies on landed.id = replies.ticket_id
left join own_schedules on landed.id = own_schedules.ticket_id
left join merges on landed.id = merges.ticket_id
left join tags on landed.id = tags.ticket_id
where
    not is_deleted
    and landed.created_at < getvariable('as_of') + interval 1 day
    and (names_no_account or named_account_id is not null)
    and (changes.first_solved_at is null or changes.first_solved_at >= date_trunc('second', landed.created_at));

-- ---------------------------------------------------------------- surveys
create temp table invitations as
with directory as (
    select id as contact_id, max(mail(email)) as email, max(ext_ref) as external_ref from parquet('qualtrics/directory_contact') group by id
), sends as (
    select
        id as distribution_id,
        survey_link_survey_id as survey_id,
        lower(coalesce(request_type, 'invite')) as request_type,
        coalesce(parent_distribution_id, id) as invite_id,
        send_date
    from parquet('qualtrics/distribution')
    where not _fivetran_deleted
), sent as (
    select
        invite_id || ':' || coalesce(contact_lookup_id, contact_id) as invitation_id,
        max(contact_id) as contact_id,
        max(survey_id) as survey_id,
        min(coalesce(sent_at, send_date)) as sent_at,
        bool_or(coalesce(lower(status), '') not in ('failure', 'error', 'blocked', 'skipped', 'softbounce', 'hardbounce',
            'pending')) as is_delivered,
        min(response_completed_at) as responded_at,
        max(response_id) as response_ref
    from parquet('qualtrics/distribution_contact')
    inner join sends using (distribution_id)
    where request_type not in ('testemail', 'thankyou')
    group by 1
), purposes as (
    select survey_id, min(survey_family) as survey_family, case when count(distinct touchpoint) = 1 then min(touchpoint) end as touchpoint
    from policy('survey_questions')
    group by survey_id
), ratings as (
    select
        rating.*,
        case when organizations.organization_id is not null then external_id else cast(ticket.organization_id as varchar) end as account_ref
    from parquet('zendesk/satisfaction_rating') as rating
    left join landed_tickets as ticket on ticket_id = ticket.id
    left join organizations on ticket.organization_id = organizations.organization_id
    where score is null or lower(score) <> 'unoffered'
), found as (
    select
        invitation_id,
        'qualtrics' as source_vendor,
        sent.survey_id,
        case when sent.survey_id = 'SV_relationship' then 'relationship' else survey_family end as survey_family,
        touchpoint,
        external_ref as external_contact_ref,
        mails.email_key,
        coalesce(person_ids.contact_id, person_mails.contact_id) as contact_id,
        coalesce(person_ids.contact_key, person_mails.contact_key, mails.email_key, person_hash(external_ref)) as contact_key,
        null as account_ref,
        sent_at,
        is_delivered,
        responded_at,
        response_ref,
        null::varchar as agent_ref,
        null::varchar as team_ref,
        null::varchar as ticket_ref
    from sent
    left join purposes on sent.survey_id = purposes.survey_id
    left join directory on sent.contact_id = directory.contact_id
    left join mails on directory.email = mails.email
    left join person_ids on external_ref = key
    left join person_mails on mails.email_key = person_mails.email_key

    union all

    select
        cast(ratings.id as varchar),
        'zendesk',
        'satisfaction_rating',
        'transactional',
        'ticket_solved',
        users.external_id,
        null,
        users.contact_id,
        users.contact_key,
        account_ref,
        ratings.created_at,
        true,
        case when score is distinct from 'offered' then coalesce(ratings.updated_at, ratings.created_at) end,
        case when score is distinct from 'offered' then cast(ratings.id as varchar) end,
        cast(assignee_id as varchar),
        cast(group_id as varchar),
        cast(ticket_id as varchar)
    from ratings
    left join users on requester_id = user_id
)
select
    found.*,
    coalesce(account_keys.account_id, current_versions.account_id) as account_id
from found
left join account_keys on account_ref = key
left join current_versions on found.contact_id = current_versions.contact_id
where
    sent_at < getvariable('as_of') + interval 1 day
    and (account_ref is null or account_keys.account_id is not null)
    and (ticket_ref is null or ticket_ref not in (from deleted_tickets));

-- Scored answers only: what people wrote is read nowhere here. An answer about a ticket names agent and team itself, and comes from
-- the account where the person is a contact. A session has one question of NPS.
create temp table responses as
with questions as (
    select survey_id, question_id, metric, survey_family, touchpoint, scale_min, scale_max, higher_is_better, top_box_from
    from policy('survey_questions')
    union all
    select survey_id, id, 'nps', 'relationship', null, 0, 10, true, 9
    from parquet('qualtrics/question')
    where selector = 'NPS'
), sessions as (
    select id, survey_id, coalesce(end_date, recorded_date) as responded_at, mail(recipient_email) as email, _fivetran_synced
    from parquet('qualtrics/survey_response')
    where lower(distribution_channel) not in ('preview', 'test') and status not in (1, 2)
), embedded as (
    select
        response_id,
        max(value) filter (key = 'account_id') as account_ref,
        max(value) filter (key = 'contact_id') as contact_ref,
        max(value) filter (key = 'agent_id') as agent_ref,
        max(value) filter (key = 'team_id') as team_ref,
        max(value) filter (key = 'ticket_id') as ticket_ref
    from parquet('qualtrics/survey_embedded_data')
    group by response_id
), answers as (
    select
        response_id || ':' || question_id as response_id,
        'qualtrics' as source_vendor,
        sessions.id as session_id,
        sessions.survey_id,
        question_id,
        questions.* exclude (survey_id, question_id),
        coalesce(try_cast(value as double), recode) as raw_score,
        responded_at,
        email,
        contact_ref,
        account_ref,
        agent_ref,
        team_ref,
        ticket_ref,
        answer._fivetran_synced as loaded_at
    from parquet('qualtrics/question_response') as answer
    inner join sessions on answer.response_id = sessions.id
    inner join questions using (survey_id, question_id)
    left join embedded using (response_id)
    left join (
        select survey_id, question_id, key as question_option_key, max(try_cast(recode_value as double)) as recode
        from parquet('qualtrics/question_option')
        group by all
    ) using (survey_id, question_id, question_option_key)
    qualify row_number() over (partition by response_id, question_id order by responded_at desc, answer._fivetran_synced desc,
        raw_score) = 1
), invited as (
    select
        answers.*,
        invitation_id,
        sent_at,
        coalesce(mails.email_key, invitation.email_key) as email_key,
        invitation.external_contact_ref
    from answers
    left join mails using (email)
    left join (from invitations qualify row_number() over (partition by response_ref order by sent_at, invitation_id) = 1) as invitation
        on session_id = response_ref
), matched as (
    select
        invited.* exclude (email, contact_ref, external_contact_ref, email_key),
        coalesce(by_id.contact_id, by_external.contact_id, person_mails.contact_id) as contact_id,
        coalesce(
            by_id.contact_key, by_external.contact_key, person_mails.contact_key, invited.email_key,
            person_hash(coalesce(contact_ref, external_contact_ref))
        ) as contact_key,
        case
            when by_id.contact_id is not null then 'id'
            when by_external.contact_id is not null then 'external_id'
            when person_mails.contact_id is not null then 'email'
            when coalesce(contact_ref, external_contact_ref, invited.email_key) is not null then 'unmatched'
            else 'anonymous'
        end as match_method
    from invited
    left join person_ids as by_id on contact_ref = by_id.key
    left join person_ids as by_external on external_contact_ref = by_external.key
    left join person_mails on invited.email_key = person_mails.email_key

    union all by name

    select
        invitation_id as response_id,
        'zendesk' as source_vendor,
        invitation_id as session_id,
        'satisfaction_rating' as survey_id,
        'satisfaction_rating' as question_id,
        'csat' as metric,
        'transactional' as survey_family,
        'ticket_solved' as touchpoint,
        0 as scale_min,
        1 as scale_max,
        true as higher_is_better,
        1 as top_box_from,
        case when score like 'good%' then 1 when score like 'bad%' then 0 end as raw_score,
        responded_at,
        account_ref,
        agent_ref,
        team_ref,
        ticket_ref,
        _fivetran_synced as loaded_at,
        invitation_id,
        sent_at,
        invitations.contact_id,
        invitations.contact_key,
        case
            when person_ids.contact_id is not null then 'external_id'
            when invitations.contact_id is not null then 'email'
            when invitations.contact_key is not null then 'unmatched'
            else 'anonymous'
        end as match_method
    from invitations
    inner join parquet('zendesk/satisfaction_rating') as rating on response_ref = cast(rating.id as varchar)
    left join person_ids on external_contact_ref = key
    where source_vendor = 'zendesk'
), placed as (
    select
        matched.*,
        case
            when survey_family <> 'employee'
                then coalesce(
                    account_keys.account_id,
                    tickets.account_id,
                    case when past.contact_id is not null then past.account_id else current_versions.account_id end
                )
        end as account_id,
        coalesce(past.contact_role, current_versions.contact_role, 'unknown') as contact_role,
        case when past.contact_id is not null then 'history' else 'current' end as role_as_of,
        tickets.ticket_id,
        agent_ref as agent_id,
        team_keys.team_id
    from matched
    left join account_keys on account_ref = account_keys.key
    left join past_versions as past
        on
            matched.contact_id = past.contact_id
            and past.valid_from <= responded_at
            and (past.closed_at is null or responded_at < past.closed_at)
    left join current_versions on matched.contact_id = current_versions.contact_id
    left join tickets on ticket_ref = tickets.ticket_id
    left join team_keys on team_ref = team_keys.key
    where
        raw_score between scale_min and scale_max
        and responded_at < getvariable('as_of') + interval 1 day
        and (sent_at is null or responded_at >= sent_at)
        and (survey_family = 'employee' or account_ref is null or account_keys.account_id is not null)
        and (ticket_ref is null or ticket_ref not in (from deleted_tickets))
), scored as (
    select
        placed.*,
        case when account_versions.account_id is not null then account_versions.segment else accounts.segment end as segment,
        case when account_versions.account_id is not null then account_versions.region else accounts.region end as region,
        100.0 * case when higher_is_better then raw_score - scale_min else scale_max - raw_score end / (scale_max - scale_min) as score_pomp
    from placed
    left join accounts on placed.account_id = accounts.account_id
    left join account_versions
        on
            accounts.account_id = account_versions.account_id
            and account_versions.valid_from <= responded_at
            and (account_versions.closed_at is null or responded_at < account_versions.closed_at)
)
select
    *,
    case when metric = 'nps' and survey_family = 'relationship' then true end as is_vote,
    case metric
        when 'nps' then raw_score < 7
        when 'ces' then cast(3.0 * score_pomp as decimal(18, 6)) <= 100
        when 'csat' then
            case when top_box_from - 1 > scale_min then raw_score < top_box_from - 1 else raw_score < top_box_from end
    end as is_low_score
from scored;

create table fct_survey_responses as
select
    response_id,
    session_id as survey_response_id,
    survey_id,
    question_id,
    invitation_id,
    contact_key,
    account_id,
    contact_role,
    role_as_of,
    match_method,
    agent_id,
    responses.team_id,
    case when responses.team_id is not null then 'answer' end as team_as_of,
    ticket_id,
    survey_family,
    responses.metric,
    responses.touchpoint,
    journey_stage,
    coalesce(dim_teams.department, touchpoints.department) as department,
    segment,
    region,
    source_vendor,
    case when responses.metric = 'nps' then case when raw_score >= 9 then 'promoter' when raw_score >= 7 then 'passive'
        else 'detractor' end end as nps_class,
    is_vote,
    cast(raw_score as double) as raw_score,
    cast(scale_min as double) as scale_min,
    cast(scale_max as double) as scale_max,
    score_pomp,
    higher_is_better,
    case when higher_is_better then raw_score >= top_box_from else raw_score <= top_box_from end as is_top_box,
    is_low_score,
    contact_key is null as is_anonymous,
    responded_at,
    cast(responded_at as date) as responded_date
from responses
left join policy('touchpoints') as touchpoints using (touchpoint)
left join dim_teams on responses.team_id = dim_teams.team_id
where survey_family <> 'employee';

create table fct_survey_invitations as
with answers as (
    select invitation_id, response_id, responded_at, ticket_id, agent_id, team_id
    from responses
    where invitation_id is not null
    qualify row_number() over (partition by invitation_id order by responded_at, case metric when 'nps' then 1 else 2 end, response_id) = 1
)
select
    invitations.invitation_id,
    contact_key,
    account_id,
    response_id,
    coalesce(agent_ref, agent_id) as agent_id,
    coalesce(team_keys.team_id, answers.team_id) as team_id,
    coalesce(ticket_ref, ticket_id) as ticket_id,
    survey_id,
    survey_family,
    touchpoint,
    source_vendor,
    is_delivered,
    sent_at,
    coalesce(answers.responded_at, invitations.responded_at) as responded_at
from invitations
left join answers using (invitation_id)
left join team_keys on team_ref = key;

-- ---------------------------------------------------------------- the mart of tickets
create table fct_tickets as
with clocked as (
    select
        *,
        case
            when first_replied_at is not null then first_replied_at
            when not has_reply_log then null
            when reopens > 0 and is_solved then last_solved_at
            when first_solved_at is not null and coalesce(reopens, 0) = 0 then first_solved_at
            when not is_solved then getvariable('as_of') + interval 1 day
        end as reply_clock_at,
        case when is_solved then last_solved_at else getvariable('as_of') + interval 1 day end as resolution_clock_at,
        case when is_solved then last_solved_at end as solved_at
    from tickets
), numbered as (
    select clocked.*, schedule_numbers.number
    from clocked
    left join (select distinct schedule_id, number from schedules) as schedule_numbers using (schedule_id)
), open_minutes as (
    select
        numbered.id,
        made.minutes_before as made_whole,
        minutes(made.starts_at, least(created_at, made.open_until)) as made_part,
        replied.minutes_before as replied_whole,
        minutes(replied.starts_at, least(reply_clock_at, replied.open_until)) as replied_part,
        resolved.minutes_before as resolved_whole,
        minutes(resolved.starts_at, least(resolution_clock_at, resolved.open_until)) as resolved_part
    from numbered
    inner join calendar as made
        on numbered.number = made.number and cast(created_at as date) = made.utc_date and created_at >= made.starts_at
            and created_at < made.ends_at
    left join calendar as replied
        on
            numbered.number = replied.number
            and cast(reply_clock_at as date) = replied.utc_date
            and reply_clock_at >= replied.starts_at
            and reply_clock_at < replied.ends_at
    left join calendar as resolved
        on
            numbered.number = resolved.number
            and cast(resolution_clock_at as date) = resolved.utc_date
            and resolution_clock_at >= resolved.starts_at
            and resolution_clock_at < resolved.ends_at
), business as (
    select
        id,
        cast((replied_whole - made_whole) + round(cast(replied_part - made_part as decimal(18, 9)), 6) as double) as reply_business_minutes,
        cast((resolved_whole - made_whole) + round(cast(resolved_part - made_part as decimal(18, 9)), 6) as double)
            as resolution_business_minutes
    from open_minutes
), keyed as (
    select id, account_id, topic, created_at, first_solved_at, case when is_solved then last_solved_at end as solved_at
    from tickets
    where not is_merged and account_id is not null and topic is not null
), next_ones as (
    select keyed.id, min(later.created_at) as next_created_at
    from keyed
    asof inner join keyed as later on keyed.account_id = later.account_id and keyed.topic = later.topic
        and keyed.first_solved_at < later.created_at
    group by keyed.id
), earlier_solves as (
    select account_id, topic, solved_at from keyed where solved_at is not null
), previous_ones as (
    select keyed.id, max(earlier_solves.solved_at) as previous_solved_at
    from keyed
    asof inner join earlier_solves
        on keyed.account_id = earlier_solves.account_id and keyed.topic = earlier_solves.topic
            and keyed.created_at > earlier_solves.solved_at
    group by keyed.id
), priorities as (
    select id as ticket_id, severity from landed_tickets
), policies as (
    select sla_policy_id, lower(priority) as severity, arg_max(target, sla_policy_updated_at)
        as target_minutes, arg_max(business_hours, sla_policy_updated_at) as is_business_hours
    from parquet('zendesk/sla_policy_metric_history')
    where metric = 'first_reply_time'
    group by all
), applied as (
    select ticket_id, cast(max(target_minutes) as double) as target_minutes, bool_or(is_business_hours) as is_business_hours
    from parquet('zendesk/ticket_sla_policy')
    inner join priorities using (ticket_id)
    inner join policies using (sla_policy_id, severity)
    where policy_applied_at < getvariable('as_of') + interval 1 day
    group by ticket_id
), targets as (
    select
        severity,
        max(target_minutes) filter (metric = 'first_reply') as reply_target,
        bool_or(is_business_hours) filter (metric = 'first_reply') as is_reply_in_business_hours,
        max(target_minutes) filter (metric = 'resolution') as resolution_target,
        bool_or(is_business_hours) filter (metric = 'resolution') as is_resolution_in_business_hours
    from policy('sla_targets')
    group by severity
), satisfaction as (
    select ticket_id, score_pomp, is_low_score
    from responses
    where metric = 'csat' and ticket_id is not null
    qualify row_number() over (partition by ticket_id order by responded_at desc, loaded_at desc nulls last, response_id desc) = 1
), told as (
    select
        clocked.*,
        case when first_replied_at is not null then reply_business_minutes end as first_reply_business_minutes,
        case when solved_at is not null then resolution_business_minutes end as resolution_business_minutes,
        coalesce(applied.target_minutes, reply_target) as first_reply_target_minutes,
        cast(resolution_target as double) as resolution_target_minutes,
        coalesce(applied.is_business_hours, is_reply_in_business_hours) as is_first_reply_target_in_business_hours,
        is_resolution_in_business_hours as is_resolution_target_in_business_hours,
        round(cast(
            case when coalesce(applied.is_business_hours, is_reply_in_business_hours) then reply_business_minutes
                else minutes(created_at, reply_clock_at) end
            as decimal(18, 9)
        ), 6) as reply_minutes,
        round(cast(
            case when is_resolution_in_business_hours then resolution_business_minutes
                else minutes(created_at, resolution_clock_at) end as decimal(18, 9)
        ), 6) as resolved_minutes,
        not is_merged and account_id is not null and topic is not null as has_key,
        next_created_at,
        previous_solved_at
    from clocked
    left join business using (id)
    left join next_ones using (id)
    left join previous_ones using (id)
    left join applied on id = applied.ticket_id
    left join targets using (severity)
)
select
    told.ticket_id,
    'zendesk' as source_vendor,
    account_id,
    contact_key,
    agent_id,
    told.team_id,
    cast(schedule_id as varchar) as schedule_id,
    merged_into_ticket_id,
    department,
    topic,
    channel,
    ticket_type,
    severity,
    status,
    'current' as opening_hours_as_of,
    cast(created_at as date) as created_date,
    created_at,
    first_assigned_at,
    first_replied_at,
    first_solved_at,
    solved_at,
    minutes(created_at, first_assigned_at) as queue_minutes,
    minutes(created_at, first_replied_at) as first_reply_minutes,
    first_reply_business_minutes,
    minutes(created_at, solved_at) as resolution_minutes,
    resolution_business_minutes,
    first_reply_target_minutes,
    resolution_target_minutes,
    agent_replies,
    reopens,
    score_pomp as csat_score_pomp,
    is_solved,
    is_merged,
    case
        when is_merged or first_solved_at is null or cast(first_solved_at + interval 7 day as date) > getvariable('as_of') then null
        when reopens > 0 then false
        when has_key then coalesce(next_created_at > first_solved_at + interval 7 day, true)
    end as is_first_contact_resolution,
    case when has_key then coalesce(created_at <= previous_solved_at + interval 30 day, false) end as is_repeat_contact,
    is_first_reply_target_in_business_hours,
    case
        when has_reply_log and first_replied_at is null and reopens > 0 and first_reply_target_minutes is not null then false
        when reply_minutes > first_reply_target_minutes then false
        when first_replied_at is not null and reply_minutes <= first_reply_target_minutes then true
    end as is_first_reply_sla_met,
    is_resolution_target_in_business_hours,
    case
        when resolved_minutes > resolution_target_minutes then false
        when solved_at is not null and resolved_minutes <= resolution_target_minutes then true
    end as is_resolution_sla_met,
    is_low_score as is_low_csat
from told
left join dim_teams using (team_id)
left join satisfaction on told.ticket_id = satisfaction.ticket_id;

-- ---------------------------------------------------------------- service, by month
create macro twelve(x) as cast(cast(x as decimal(28, 12)) as double);

-- as_much_as: so many independent cases say as much as these
create macro wilson(met, cases, side, as_much_as) as case
    when cases > 0 then twelve(greatest(0.0, least(1.0,
        (met::double / cases + 1.96 * 1.96 / (2.0 * as_much_as::double)
        + side * 1.96 * sqrt(met::double / cases * (1.0 - met::double / cases) / as_much_as
            + 1.96 * 1.96 / (4.0 * as_much_as::double * as_much_as::double)))
        / (1.0 + 1.96 * 1.96 / as_much_as::double)
    )))
end;

-- Aggregate over clusters of cases that are not independent (Kish's design effect of a share).
create macro effective(met, cases) as twelve(
    nullif(sum(cases), 0)::double / greatest(coalesce(
        case
            when count(nullif(cases, 0)) >= 10 and sum(met)::double * sum(cases)::double > sum(met)::double * sum(met)::double
                then twelve(
                    (sum(met * met)::double - 2 * (sum(met)::double / sum(cases)::double) * sum(met * cases)::double
                    + (sum(met)::double / sum(cases)::double) * (sum(met)::double / sum(cases)::double) * sum(cases * cases)::double)
                    / (sum(cases)::double * sum(cases)::double) * count(nullif(cases, 0)) / (count(nullif(cases, 0)) - 1)
                    / ((sum(met)::double - sum(met)::double * (sum(met)::double / sum(cases)::double))
                    / (sum(cases)::double - 1) / sum(cases)::double)
                )
        end,
        1.0
    ), 1.0)
);

create macro cluster_of(account_id, contact_key, id) as coalesce(account_id, 'nobody ' || coalesce(contact_key, id));

create macro period_of(day) as least(last_day(day), getvariable('as_of'));

create temp table periods as
select
    period_end,
    cast(date_trunc('month', period_end) as date) as month_start,
    lag(period_end) over (order by period_end) as previous_period_end
from (
    select cast(date_trunc('month', getvariable('as_of')) - to_months(cast(range as integer)) - interval 1 day as date) as period_end
    from range(24 - case when getvariable('as_of') = last_day(getvariable('as_of')) then 1 else 0 end)
    union
    select getvariable('as_of')
);

create temp table voice as
select
    period_of(cast(responded_at as date)) as period_end,
    coalesce(team_id, 'unknown') as team_id,
    touchpoint,
    metric,
    cluster_of(account_id, contact_key, response_id) as cluster,
    count(*) as responses,
    count(*) filter (case when higher_is_better then raw_score >= top_box_from else raw_score <= top_box_from end) as top_box,
    count(*) filter (is_low_score) as low,
    sum(cast(score_pomp as decimal(28, 12))) as points
from responses
where survey_family = 'transactional'
group by all;

create table touchpoint_experience as
with clusters as (
    select
        period_end,
        coalesce(touchpoint, 'unknown') as touchpoint,
        metric,
        cluster,
        sum(responses) as responses,
        sum(top_box) as top_box,
        sum(low) as low,
        sum(points) as points
    from voice
    group by all
), counts as (
    select
        period_end,
        touchpoint,
        metric,
        cast(sum(responses) as bigint) as responses,
        cast(sum(top_box) as bigint) as top_box,
        cast(sum(low) as bigint) as low,
        effective(top_box, responses) as effective_responses,
        effective(low, responses) as low_effective_responses,
        cast(sum(points) as double) / sum(responses) as mean
    from clusters
    group by period_end, touchpoint, metric
)
select
    period_end,
    month_start as period_start,
    counts.touchpoint,
    counts.metric,
    touchpoint_name,
    journey_stage,
    department,
    responses,
    effective_responses,
    case when counts.metric = 'csat' then top_box / responses end as csat_rate,
    case when counts.metric = 'ces' then top_box / responses end as easy_rate,
    wilson(top_box, responses, -1, effective_responses) as ci_low,
    wilson(top_box, responses, 1, effective_responses) as ci_high,
    greatest(0, least(100, mean)) as mean_score_pomp,
    low / responses as low_score_share,
    wilson(low, responses, -1, low_effective_responses) as low_score_ci_low,
    wilson(low, responses, 1, low_effective_responses) as low_score_ci_high,
    responses >= 5 as is_reportable
from counts
inner join periods using (period_end)
left join policy('touchpoints') as touchpoints on counts.touchpoint = touchpoints.touchpoint;

create table service_kpis as
with judged as (
    select
        *,
        period_of(cast(created_at as date)) as period_end,
        coalesce(team_id, 'unknown') as kpi_team_id,
        coalesce(is_first_reply_sla_met, true) and coalesce(is_resolution_sla_met, true) as is_none_missed,
        coalesce(is_first_reply_sla_met, is_resolution_sla_met) is not null and csat_score_pomp is not null as is_known
    from fct_tickets
    where not is_merged
), counts as (
    select
        period_end,
        kpi_team_id as team_id,
        count(*) as tickets,
        count(*) filter (is_solved) as solved,
        count(*) filter (reopens > 0) as reopened,
        median(queue_minutes) as median_queue_minutes,
        median(first_reply_minutes) as median_first_reply_minutes,
        median(first_reply_business_minutes) as median_first_reply_business_minutes,
        median(resolution_minutes) as median_resolution_minutes,
        median(resolution_business_minutes) as median_resolution_business_minutes,
        count(is_first_reply_sla_met) as reply_targets,
        count(*) filter (is_first_reply_sla_met) as replies_in_time,
        count(is_resolution_sla_met) as resolution_targets,
        count(*) filter (is_resolution_sla_met) as resolutions_in_time,
        count(is_first_contact_resolution) as first_contacts,
        count(*) filter (is_first_contact_resolution) as first_contact_resolutions,
        count(is_repeat_contact) as contacts,
        count(*) filter (is_repeat_contact) as repeat_contacts,
        count(*) filter (is_known) as known,
        count(*) filter (is_known and is_none_missed) as met,
        count(*) filter (is_known and is_none_missed and is_low_csat) as met_but_low
    from judged
    group by all
), dissatisfied as (
    select period_end, team_id, effective(met_but_low, known) as effective_known
    from (
        select
            period_end,
            kpi_team_id as team_id,
            cluster_of(account_id, contact_key, ticket_id) as cluster,
            count(*) as known,
            count(*) filter (is_none_missed and is_low_csat) as met_but_low
        from judged
        where is_known
        group by all
    )
    group by period_end, team_id
), clusters as (
    select
        period_end,
        team_id,
        cluster,
        coalesce(sum(responses) filter (metric = 'csat'), 0) as csat_responses,
        coalesce(sum(top_box) filter (metric = 'csat'), 0) as csat_top_box,
        coalesce(sum(responses) filter (metric = 'ces'), 0) as ces_responses,
        coalesce(sum(top_box) filter (metric = 'ces'), 0) as ces_top_box,
        sum(points) filter (metric = 'ces') as ces_points
    from voice
    group by all
), answers as (
    select
        period_end,
        team_id,
        effective(csat_top_box, csat_responses) as csat_effective_responses,
        effective(ces_top_box, ces_responses) as ces_effective_responses,
        cast(sum(csat_responses) as bigint) as csat_responses,
        cast(sum(csat_top_box) as bigint) as csat_top_box,
        cast(sum(ces_responses) as bigint) as ces_responses,
        cast(sum(ces_top_box) as bigint) as ces_top_box,
        cast(sum(ces_points) as double) / nullif(sum(ces_responses), 0) as ces_score_pomp
    from clusters
    group by period_end, team_id
), rated as (
    select *, (replies_in_time + resolutions_in_time) / nullif(reply_targets + resolution_targets, 0) as sla_attainment
    from counts
    full join answers using (period_end, team_id)
    left join dissatisfied using (period_end, team_id)
)
select
    period_end,
    month_start as period_start,
    team_id,
    team_name,
    department,
    coalesce(tickets, 0) as tickets,
    coalesce(solved, 0) as solved,
    coalesce(reopened, 0) as reopened,
    rated.* like 'median_%',
    coalesce(reply_targets, 0) as first_reply_sla_tickets,
    replies_in_time / nullif(reply_targets, 0) as first_reply_sla_rate,
    wilson(replies_in_time, reply_targets, -1, reply_targets) as first_reply_sla_ci_low,
    wilson(replies_in_time, reply_targets, 1, reply_targets) as first_reply_sla_ci_high,
    coalesce(resolution_targets, 0) as resolution_sla_tickets,
    resolutions_in_time / nullif(resolution_targets, 0) as resolution_sla_rate,
    wilson(resolutions_in_time, resolution_targets, -1, resolution_targets) as resolution_sla_ci_low,
    wilson(resolutions_in_time, resolution_targets, 1, resolution_targets) as resolution_sla_ci_high,
    sla_attainment,
    coalesce(first_contacts, 0) as first_contact_judged_tickets,
    first_contact_resolutions / nullif(first_contacts, 0) as first_contact_resolution_rate,
    wilson(first_contact_resolutions, first_contacts, -1, first_contacts) as first_contact_resolution_ci_low,
    wilson(first_contact_resolutions, first_contacts, 1, first_contacts) as first_contact_resolution_ci_high,
    coalesce(contacts, 0) as repeat_contact_judged_tickets,
    repeat_contacts / nullif(contacts, 0) as repeat_contact_rate,
    wilson(repeat_contacts, contacts, -1, contacts) as repeat_contact_ci_low,
    wilson(repeat_contacts, contacts, 1, contacts) as repeat_contact_ci_high,
    coalesce(csat_responses, 0) as csat_responses,
    csat_effective_responses,
    csat_top_box / nullif(csat_responses, 0) as csat_rate,
    wilson(csat_top_box, csat_responses, -1, csat_effective_responses) as csat_ci_low,
    wilson(csat_top_box, csat_responses, 1, csat_effective_responses) as csat_ci_high,
    coalesce(ces_responses, 0) as ces_responses,
    ces_score_pomp,
    ces_effective_responses,
    ces_top_box / nullif(ces_responses, 0) as easy_rate,
    wilson(ces_top_box, ces_responses, -1, ces_effective_responses) as easy_ci_low,
    wilson(ces_top_box, ces_responses, 1, ces_effective_responses) as easy_ci_high,
    100.0 * sla_attainment - 100.0 * (csat_top_box / nullif(csat_responses, 0)) as delivery_gap,
    coalesce(known, 0) as sla_and_csat_tickets,
    coalesce(met, 0) as sla_met_and_rated_tickets,
    coalesce(met_but_low, 0) as sla_met_but_dissatisfied_tickets,
    met_but_low / nullif(known, 0) as sla_met_but_dissatisfied_share,
    wilson(met_but_low, known, -1, effective_known) as sla_met_but_dissatisfied_ci_low,
    wilson(met_but_low, known, 1, effective_known) as sla_met_but_dissatisfied_ci_high,
    coalesce(csat_responses, 0) >= 5 as is_csat_reportable,
    coalesce(tickets, 0) >= 5 as is_reportable
from rated
inner join periods using (period_end)
left join dim_teams using (team_id);

-- ---------------------------------------------------------------- NPS of the roles of an account
create temp table nps_counts as
with answers as (
    select
        *,
        cast(responded_at as date) as counts_from,
        lead(cast(responded_at as date)) over (
            partition by coalesce(contact_key, 'anonymous ' || response_id) order by responded_at, loaded_at nulls first, response_id
        ) as replaced_on
    from responses
    where is_vote
), votes as (
    select
        period_end,
        contact_key,
        case when contact_key is not null then account_id end as account_id,
        case when contact_key is not null then contact_role end as contact_role,
        case when raw_score >= 9 then 1 when raw_score >= 7 then 0 else -1 end as vote
    from answers
    inner join periods
        on counts_from <= period_end and period_end < least(coalesce(replaced_on, date '9999-12-31'), counts_from + 365)
), persons as (
    select
        people.contact_id,
        people.contact_key,
        people.account_id,
        coalesce(contact_role, 'unknown') as contact_role,
        people.created_at,
        left_at,
        has_left and coalesce(cast(left_at as date) <= getvariable('as_of'), true) as is_gone,
        coalesce(has_opted_out_of_email, false) as is_opted_out
    from people
    left join current_versions using (contact_id)
    left join (select id, bool_or(has_opted_out_of_email) as has_opted_out_of_email
        from parquet('salesforce/contact') group by id) on people.contact_id = id
    where people.survivor_id = people.contact_id
), present as (
    select persons.*, period_end, period_end + interval 1 day as period_close
    from persons
    inner join periods
        on (created_at is null or cast(created_at as date) <= period_end) and (not is_gone or cast(left_at as date) > period_end)
    qualify row_number() over (partition by period_end, contact_key order by is_gone, created_at desc nulls last, contact_id) = 1
), silent as (
    select
        period_end,
        contact_key,
        case when past.contact_id is not null then past.account_id else present.account_id end as account_id,
        coalesce(past.contact_role, present.contact_role) as contact_role
    from present
    left join past_versions as past
        on
            present.contact_id = past.contact_id
            and past.valid_from < period_close
            and (past.closed_at is null or past.closed_at >= period_close)
    anti join votes using (period_end, contact_key)
    where not is_opted_out
), asked as (
    select
        period_end,
        invitations.contact_key,
        case when past.contact_id is not null then past.account_id else invitations.account_id end as account_id,
        coalesce(past.contact_role, current_versions.contact_role, 'unknown') as contact_role
    from invitations
    inner join periods on cast(sent_at as date) <= period_end and period_end < cast(sent_at as date) + 365
    left join past_versions as past
        on
            invitations.contact_id = past.contact_id
            and past.valid_from <= sent_at
            and (past.closed_at is null or sent_at < past.closed_at)
    left join current_versions on invitations.contact_id = current_versions.contact_id
    where survey_family = 'relationship' and is_delivered and invitations.contact_key is not null
    qualify row_number() over (partition by period_end, invitations.contact_key order by sent_at desc, invitation_id) = 1
), known as (
    select period_end, contact_key, account_id, contact_role, vote, true as is_known from votes where contact_key is not null
    union all
    select *, null, true from silent where account_id is not null
), counted as (
    select known.*, asked.contact_key is not null as is_asked
    from known
    left join asked using (period_end, contact_key)
    union all
    select *, null, false, true from asked anti join known using (period_end, contact_key)
)
select
    period_end,
    account_id,
    contact_role,
    count(vote) as responses,
    count(*) filter (vote = 1) as promoters,
    count(*) filter (vote = 0) as passives,
    count(*) filter (vote = -1) as detractors,
    count(*) filter (is_known and not coalesce(no_nps_form, false)) as eligible,
    count(*) filter (vote is not null and not coalesce(no_nps_form, false)) as respondents,
    count(*) filter (is_asked and not coalesce(no_nps_form, false)) as asked,
    count(*) filter (is_asked and vote is not null and not coalesce(no_nps_form, false)) as asked_respondents
from counted
left join (select id, bool_or(no_nps_form_c) as no_nps_form from parquet('salesforce/account') group by id) on account_id = id
where account_id is not null
group by all;

-- up to 30 votes the score interval, then adjusted Wald
create macro nps_bound(promoters, detractors, responses, scored, side) as case when responses > 0 then greatest(-100.0, least(100.0, case
    when responses > 30 then
        100.0 * cast(promoters - detractors as double) / (responses + 3.0)
        + side * 196.0 * sqrt(
            (
                cast(promoters + detractors + 1.5 as double) / (responses + 3.0)
                - pow(cast(promoters - detractors as double) / (responses + 3.0), 2)
            ) / (responses + 3.0)
        )
    else scored
end)) end;

create table account_role_nps as
with account_periods as (
    select
        period_end,
        accounts.account_id,
        case when account_versions.account_id is not null then account_versions.segment else accounts.segment end as segment,
        created_date is null or cast(created_date as date) <= period_end as existed
    from accounts
    inner join (select id, min(created_date) as created_date from parquet('salesforce/account') group by id) on accounts.account_id = id
    cross join periods
    left join account_versions
        on
            accounts.account_id = account_versions.account_id
            and account_versions.valid_from < period_end + interval 1 day
            and (account_versions.closed_at is null or account_versions.closed_at >= period_end + interval 1 day)
), weights as (
    select *, weight_scheme as scheme from policy('role_weights')
), schemes as (
    select period_end, account_id, existed, contact_role, seniority, weight
    from account_periods
    inner join weights
        on scheme = case when lower(segment) in (select lower(scheme) from weights) then lower(segment) else 'default' end
), roles as (
    select
        coalesce(schemes.period_end, nps_counts.period_end) as period_end,
        coalesce(schemes.account_id, nps_counts.account_id) as account_id,
        coalesce(schemes.contact_role, nps_counts.contact_role) as contact_role,
        existed,
        seniority,
        weight,
        coalesce(eligible, 0) as eligible,
        coalesce(respondents, 0) as respondents,
        coalesce(asked, 0) as asked,
        coalesce(asked_respondents, 0) as asked_respondents,
        coalesce(responses, 0) as responses,
        coalesce(promoters, 0) as promoters,
        coalesce(passives, 0) as passives,
        coalesce(detractors, 0) as detractors
    from schemes
    full join nps_counts using (period_end, account_id, contact_role)
)
select
    period_end,
    account_id,
    contact_role,
    cast(weight as double) as role_weight,
    cast(seniority as bigint) as seniority,
    eligible as eligible_contacts,
    responses,
    promoters,
    passives,
    detractors,
    100.0 * cast(promoters - detractors as double) / nullif(responses, 0) as nps,
    nps_bound(promoters, detractors, responses, ci_low, -1) as ci_low,
    nps_bound(promoters, detractors, responses, ci_high, 1) as ci_high,
    respondents / nullif(eligible, 0) as reach_rate,
    asked as asked_contacts,
    asked_respondents / nullif(asked, 0) as response_rate
from roles
left join reference('nps_score_intervals') using (detractors, passives, promoters)
where weight is not null or eligible > 0 or asked > 0 or responses > 0
qualify bool_or(existed or eligible > 0 or asked > 0 or responses > 0) over (partition by period_end, account_id);
