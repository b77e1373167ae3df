-- What the bulk customers are, before any vendor lands them. Every value is a hash of the seed, a
-- stream and a row number, so a row is the same in whatever chunk it is made. Small tables (one row
-- per account, contact, account and month) are kept; what happened is computed anew for each chunk.

-- hashed twice, for the hash of several values is hardly mixed
create macro u(stream, n) as (hash(hash(getvariable('seed'), stream, n)) >> 11) / 9007199254740992.0;

create macro pick(choices, x) as choices[1 + cast(floor(x * len(choices)) as integer)];

-- waiting times have a long tail, cut so that a chunk knows how far it has to look back
create macro waits(stream, n, mean_hours) as to_seconds(floor(3600 * mean_hours * least(-ln(1 - u(stream, n)), 6)));

create macro sf_id(prefix, n) as prefix || 'Bk' || lpad(cast(n as varchar), 10, '0') || case
    when prefix in ('001', '003', '005', '006') then 'IAA' else 'MAA' end;

create macro day_number(moment) as datediff('day', getvariable('start'), moment);

create macro month_number(moment) as datediff('month', getvariable('start'), moment);

create macro closes_at() as getvariable('last_day') + interval 1 day;

-- the connector runs every six hours; one row in a hundred comes days later
create macro synced(moment, stream, n) as
    date_trunc('hour', moment) + interval 6 hour + interval 729 second
    + case when u(stream || ' late', n) < 0.01 then to_hours(24 * (1 + cast(floor(u(stream || ' lag', n) * 3) as bigint)))
        else interval 0 hour end;

-- whatever is older landed when the connector began
create macro is_landed(synced_at) as (synced_at >= getvariable('first_day') or getvariable('first_day') = getvariable('start'))
    and synced_at < closes_at();

-- a moment later than the cut of the landed tables has not happened yet
create macro known(moment) as case when moment < closes_at() then moment end;

create table accounts as
select
    a,
    sf_id('001', a) as id,
    'BK-' || a as account_number,
    'PB-' || a as product_account_id,
    'customer' || a || '.example' as domain,
    case when a < accounts * 0.1 then 'enterprise' when a < accounts * 0.4 then 'mid_market' else 'small_business' end as segment,
    pick(['EMEA', 'North America', 'APAC', 'LATAM'], u('region', a)) as region,
    pick(['Manufacturing', 'Retail', 'Insurance', 'Energy', 'Food and Beverage', 'Logistics'], u('industry', a)) as industry,
    sf_id('005', cast(floor(u('owner', a) * owners) as bigint)) as owner_id,
    900000 + cast(floor(u('group', a) * support_groups) as bigint) as group_id,
    case
        when u('joined', a) < 0.3 then cast(getvariable('start') + to_days(cast(floor(u('joined on', a) * 900) as integer)) as date)
        else date '2020-01-06' + cast(floor(u('joined on', a) * 1200) as integer)
    end as joined_on,
    case
        when u('left', a) < 0.12
            then cast(getvariable('start') + to_days(cast(200 + floor(u('left on', a) * 880) as integer)) as date)
    end as churns_on,
    4 + cast(floor(u('seats', a) * 30 * case when a < accounts * 0.1 then 12 when a < accounts * 0.4 then 4 else 1 end) as bigint) as seats,
    0.15 + 0.75 * u('health', a) as health_base,
    0.5 * (u('drift', a) - 0.5) as health_drift
from (
    select
        range as a,
        getvariable('accounts') as accounts,
        1 + getvariable('accounts') // 100 as owners,
        2 + getvariable('accounts') // 500 as support_groups
    from range(getvariable('accounts'))
);

alter table accounts add column left_on date;
update accounts set left_on = churns_on where churns_on > joined_on + 180;

create table account_months as
select
    a,
    m,
    least(0.98, greatest(0.02, health_base + health_drift * (m / 36.0 - 0.5) + 0.2 * (u('mood', a * 1000 + m) - 0.5))) as health
from accounts, range(37) as months(m);

-- few large customers, many small ones
create table contacts as
select
    c,
    sf_id('003', c) as id,
    a,
    'person' || c || '@' || domain as email,
    case
        when kind < 0.12 then pick(['CFO', 'CEO', 'COO', 'VP Operations', 'Managing Director', 'Chief Information Officer'], u('title', c))
        when kind < 0.35 then pick(['Operations Manager', 'Project Manager', 'Head of IT', 'Team Lead', 'Supervisor Dispatch'],
            u('title', c))
        when kind < 0.98 then pick(['Analyst', 'Planner', 'Business Analyst', 'Specialist', 'Clerk', 'Engineer', 'Dispatcher'],
            u('title', c))
    end as title,
    case when u('crm role', c) < 0.1 then case when kind < 0.12 then 'Decision Maker' when kind < 0.35 then 'Manager'
        else 'User' end end as crm_role,
    joined_on + interval 33 hour as created_at,
    case when u('gone', c) < 0.06 then getvariable('start') + to_days(cast(floor(u('gone on', c) * 1080) as integer)) end as gone_at,
    joined_on,
    left_on,
    group_id,
    2000000000 + c as zendesk_user_id,
    'CID_bulk' || lpad(cast(c as varchar), 9, '0') as directory_id
from (
    select
        range as c,
        u('kind', range) as kind,
        cast(floor(getvariable('accounts') * pow(range / getvariable('contacts'), 1.3)) as bigint) as account_number_of
    from range(getvariable('contacts'))
)
inner join accounts on account_number_of = a;

create macro is_customer(day, joined_on, left_on) as day >= joined_on and (left_on is null or day < left_on);

-- Tickets that were created from one day to another, each with its whole life.
create macro tickets(from_day, to_day) as table
with numbers as (
    select range as n
    from range(
        greatest(0, day_number(from_day)) * getvariable('tickets_a_day'),
        (day_number(to_day) + 1) * getvariable('tickets_a_day')
    )
), opened as (
    select
        n,
        getvariable('start') + to_days(cast(n // getvariable('tickets_a_day') as integer))
        + to_seconds(cast(floor(43200 * (u('hour', n) + u('other hour', n))) as bigint)) as created_at,
        cast(floor(u('requester', n) * getvariable('contacts')) as bigint) as requester,
        u('priority', n) as urgency
    from numbers
), asked as (
    select
        n,
        200000000 + n as id,
        a,
        c,
        email,
        zendesk_user_id as requester_id,
        group_id,
        950000 + (group_id - 900000) * 10 + cast(floor(u('agent', n) * 10) as bigint) as assignee_id,
        case when urgency < 0.05 then 'urgent' when urgency < 0.2 then 'high' when urgency < 0.8 then 'normal' else 'low' end as priority,
        case when urgency < 0.2 then 0.5 else 1.0 end as pace,
        pick(['question', 'question', 'incident', 'problem', 'task'], u('type', n)) as type,
        pick(['export', 'integration', 'billing', 'login', 'reporting', 'planning_board'], u('topic', n)) as topic,
        pick(['email', 'email', 'web', 'web', 'chat', 'api'], u('channel', n)) as channel,
        opened.created_at,
        opened.created_at + waits('queue', n, 0.7) as assigned_at,
        u('fate', n) as fate
    from opened
    inner join contacts on requester = c
    where is_customer(opened.created_at, joined_on, left_on)
), answered as (
    select *, case when fate > 0.03 then assigned_at + waits('reply', n, 5 * pace) end as replied_at
    from asked
), solved as (
    select *, case when fate > 0.01 then coalesce(replied_at, assigned_at) + waits('solve', n, 30 * pace) + interval 1 minute end
        as solved_at
    from answered
), reopened as (
    select *, case when fate > 0.92 then solved_at + to_seconds(60 + cast(floor(u('reopen', n) * 216000) as bigint)) end as reopened_at
    from solved
), solved_again as (
    select *, reopened_at + waits('second solve', n, 20) + interval 1 minute as solved_again_at
    from reopened
)
select *, coalesce(solved_again_at, solved_at) + interval 96 hour as closed_at
from solved_again;

-- The longest life of a ticket, and of a wait for an answer, in days with the latest landing.
create macro ticket_life() as 40;

-- What was sent to whom: monthly batches of each survey.
create table waves as
select
    row_number() over (order by survey_id, m) as w,
    survey_id,
    m,
    getvariable('start') + to_months(m) + interval 9 day + interval 8 hour as sent_at,
    'EMD_bulk_' || survey_id || '_' || strftime(getvariable('start') + to_months(m), '%Y_%m') as distribution_id,
    share,
    lowest,
    highest,
    is_reversed
from (values
    ('SV_relationship', null, 0, 10, false),
    ('SV_renewal_ces', 0.008, 1, 7, false),
    ('SV_qbr_csat', 0.005, 1, 5, false),
    ('SV_training_csat', 0.008, 1, 5, false),
    ('SV_onboarding_ces', 0.004, 1, 5, true)
) as surveys(survey_id, share, lowest, highest, is_reversed), range(36) as months(m);

-- the happy answer more often, and better
create macro answers_at(sent_at, stream, n, health) as case when u(stream || ' answers', n) < 0.2 + 0.3 * health
    then sent_at + waits(stream || ' delay', n, 40) end;

create macro scored(stream, n, health, lowest, highest, is_reversed) as
    case when is_reversed then lowest + highest else 0 end
    + case when is_reversed then -1 else 1 end
    * (lowest + cast(floor(least(0.999, greatest(0, 0.4 + 0.6 * health + 0.5 *
        (u(stream || ' score', n) - 0.5))) * (highest - lowest + 1)) as bigint));

-- Everybody who was asked between two days: by a wave, or after a ticket.
create macro invitations(from_day, to_day) as table
select
    waves.survey_id,
    waves.distribution_id,
    'R_w' || w || 'c' || c as response_id,
    contacts.a,
    c,
    contacts.directory_id,
    contacts.email,
    sent_at,
    answers_at(sent_at, 'wave', w * 10000000 + c, health) as responded_at,
    scored('wave', w * 10000000 + c, health, lowest, highest, is_reversed) as score,
    u('send', w * 10000000 + c) as send_luck,
    null as ticket_id,
    null as assignee_id,
    null as group_id,
    w * 10000000 + c as n
from waves
inner join contacts
    on case when share is null then (c + m) % 6 = 0 else u(survey_id, m * 10000000 + c) < share end
inner join account_months on contacts.a = account_months.a and waves.m = account_months.m
where
    cast(sent_at as date) between from_day and to_day
    and is_customer(sent_at, joined_on, left_on)
    and (gone_at is null or sent_at < gone_at)

union all

select
    'SV_ticket_ces' as survey_id,
    'EMD_bulk_SV_ticket_ces_' || strftime(created_at, '%Y_%m') as distribution_id,
    'R_t' || n as response_id,
    asked.a,
    c,
    'CID_bulk' || lpad(cast(c as varchar), 9, '0') as directory_id,
    email,
    solved_at + interval 1 hour as sent_at,
    answers_at(solved_at + interval 1 hour, 'ces', n, health) as responded_at,
    scored('ces', n, health, 1, 7, false) as score,
    u('send', n) as send_luck,
    id as ticket_id,
    assignee_id,
    group_id,
    n
from tickets(from_day - 30, to_day) as asked
inner join account_months on asked.a = account_months.a and month_number(created_at) = m
where
    u('asked', n) < 0.19
    and cast(solved_at + interval 1 hour as date) between from_day and to_day;

-- Agents of the bulk teams, who are asked once a month how it is to work here.
create table employees as
select
    950000 + range as agent_id,
    900000 + range // 10 as group_id,
    'EMP-B' || range as employee_id,
    'TEAM-B' || range // 10 as team_id,
    'agent' || range || '@voc-bench.example' as email,
    range as e
from range(10 * (2 + getvariable('accounts') // 500));

-- Sessions that were begun between two days: scores of the questions in order, and the keys a session carries.
create macro sessions(from_day, to_day) as table
select
    response_id,
    survey_id,
    responded_at,
    email,
    0 as status,
    case when send_luck > 0.97 then 'anonymous' else 'email' end as channel,
    [score] as scores,
    case when u('words', n) < 0.4 then pick(['Works well for us.', 'Too slow lately.', 'Support was kind.',
        'Reports are hard to read.'], u('text', n)) end as comment,
    [
        {'key': 'ticket_id', 'value': cast(ticket_id as varchar)},
        {'key': 'agent_id', 'value': cast(assignee_id as varchar)},
        {'key': 'team_id', 'value': cast(group_id as varchar)},
        {'key': 'account_id', 'value': case when ticket_id is null then sf_id('001', a) end}
    ] as pairs,
    synced(responded_at, 'session', n) as synced_at,
    n,
    c,
    a
from invitations(from_day - 14, to_day)
where responded_at is not null and send_luck > 0.06

union all

select
    'R_p' || m || 'e' || e as response_id,
    'SV_employee_pulse' as survey_id,
    answered_at as responded_at,
    email,
    0 as status,
    'gl' as channel,
    [1 + cast(floor(u(question, p) * 5) as bigint) for question in ['proud', 'equipped', 'again']] as scores,
    null as comment,
    [{'key': 'employee_id', 'value': employee_id}, {'key': 'team_id', 'value': team_id}] as pairs,
    synced(answered_at, 'pulse', p) as synced_at,
    p as n,
    null as c,
    null as a
from (
    select
        *,
        m * 1000000 + e as p,
        getvariable('start') + to_months(m) + interval 14 day + waits('pulse', m * 1000000 + e, 30) as answered_at
    from employees, range(36) as months(m)
)
where u('pulse answers', p) < 0.7;

-- Visits: who used the product on which day. A third of the users is unknown to the CRM.
create macro visits(from_day, to_day) as table
select
    c,
    contacts.a,
    day,
    datediff('day', date '2020-01-01', day) * 10000000 + c as n
from range(cast(from_day as timestamp), cast(to_day as timestamp) + interval 1 day, interval 1 day) as days(day)
inner join account_months on month_number(day) = m
inner join contacts on account_months.a = contacts.a
where
    u('visit', datediff('day', date '2020-01-01', day) * 10000000 + c)
    < (0.11 + 0.44 * health) * case when isodow(day) > 5 then 0.2 else 1.0 end
    and is_customer(day, joined_on, left_on);
