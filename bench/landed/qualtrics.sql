-- shared: qualtrics.survey
id varchar, survey_name varchar, project_category varchar, _fivetran_deleted boolean, _fivetran_synced timestamp

-- shared: qualtrics.question
id varchar, survey_id varchar, question_type varchar, selector varchar, question_text varchar, _fivetran_deleted boolean,
_fivetran_synced timestamp

-- shared: qualtrics.question_option
key varchar, question_id varchar, survey_id varchar, recode_value varchar, text varchar, _fivetran_deleted boolean,
_fivetran_synced timestamp

-- table: qualtrics.directory_contact
select
    directory_id as id,
    email,
    case when u('known to qualtrics', c) < 0.8 then id end as ext_ref,
    created_at as _fivetran_synced
from contacts;

-- table: qualtrics.distribution
select
    distribution_id as id,
    survey_id as survey_link_survey_id,
    'Invite' as request_type,
    null as parent_distribution_id,
    sent_at as send_date,
    false as _fivetran_deleted,
    sent_at + interval 6 hour as _fivetran_synced
from waves
where sent_at < closes_at()
union all
select
    distribution_id || '_reminder' as id,
    survey_id as survey_link_survey_id,
    'Reminder' as request_type,
    distribution_id as parent_distribution_id,
    sent_at + interval 5 day as send_date,
    false as _fivetran_deleted,
    sent_at + interval 5 day as _fivetran_synced
from waves
where survey_id = 'SV_relationship' and sent_at + interval 5 day < closes_at()
union all
select
    'EMD_bulk_SV_ticket_ces_' || strftime(getvariable('start') + to_months(m), '%Y_%m') as id,
    'SV_ticket_ces' as survey_link_survey_id,
    'Invite' as request_type,
    null as parent_distribution_id,
    getvariable('start') + to_months(m) as send_date,
    false as _fivetran_deleted,
    getvariable('start') + to_months(m) as _fivetran_synced
from range(36) as months(m)
where getvariable('start') + to_months(m) < closes_at();

-- table: qualtrics.distribution_contact
select
    directory_id as contact_id,
    replace(directory_id, 'CID', 'CGC') as contact_lookup_id,
    distribution_id,
    case
        when send_luck < 0.03 then 'HardBounce'
        when send_luck < 0.06 then 'SoftBounce'
        when responded_at < closes_at() then 'SurveyFinished'
        when send_luck < 0.5 then 'Opened'
        else 'Success'
    end as status,
    sent_at,
    case when send_luck > 0.06 then known(responded_at) end as response_completed_at,
    case when send_luck > 0.06 and responded_at < closes_at() then response_id end as response_id,
    coalesce(case when send_luck > 0.06 then known(responded_at) end, sent_at) + interval 6 hour as _fivetran_synced
from invitations(getvariable('start'), getvariable('last_day'))
union all
select
    directory_id as contact_id,
    replace(directory_id, 'CID', 'CGC') as contact_lookup_id,
    distribution_id || '_reminder' as distribution_id,
    'Success' as status,
    sent_at + interval 5 day as sent_at,
    null as response_completed_at,
    null as response_id,
    sent_at + interval 126 hour as _fivetran_synced
from invitations(getvariable('start'), getvariable('last_day'))
where
    survey_id = 'SV_relationship'
    and u('reminder', n) < 0.3
    and (responded_at is null or responded_at > sent_at + interval 5 day)
    and sent_at + interval 5 day < closes_at();

-- log: qualtrics.survey_response
select
    response_id as id,
    survey_id,
    responded_at - to_seconds(30 + cast(floor(u('takes', n) * 300) as bigint)) as start_date,
    responded_at as end_date,
    responded_at + interval 1 second as recorded_date,
    1 as finished,
    status,
    channel as distribution_channel,
    case when channel <> 'anonymous' then email end as recipient_email,
    synced_at as _fivetran_synced
from sessions(getvariable('first_day') - 20, getvariable('last_day'))
where is_landed(synced_at);

-- log: qualtrics.question_response
select
    response_id,
    'QID' || question as question_id,
    null as question_option_key,
    case when u('broken', n) < 0.0005 then '11' else cast(scores[question] as varchar) end as value,
    cast(scores[question] as varchar) as text,
    synced_at as _fivetran_synced
from (
    select *, unnest(range(1, len(scores) + 1)) as question
    from sessions(getvariable('first_day') - 20, getvariable('last_day'))
)
where is_landed(synced_at)
union all
select
    response_id,
    'QID2' as question_id,
    null as question_option_key,
    null as value,
    comment as text,
    synced_at as _fivetran_synced
from sessions(getvariable('first_day') - 20, getvariable('last_day'))
where comment is not null and survey_id in ('SV_relationship', 'SV_ticket_ces') and is_landed(synced_at);

-- log: qualtrics.survey_embedded_data
select
    pair.key as import_id,
    pair.key,
    response_id,
    pair.value,
    synced_at as _fivetran_synced
from (
    select response_id, synced_at, unnest(pairs) as pair
    from sessions(getvariable('first_day') - 20, getvariable('last_day'))
    where is_landed(synced_at)
)
where pair.value is not null;

-- table: qualtrics.ticket
select
    'TK_' || response_id as id,
    response_id as survey_response_id,
    case when closed_at < closes_at() then 'Closed' else 'Open' end as status,
    pick(['slow support', 'communication', 'product gap', 'price'], u('cause', n)) as root_cause,
    pick(['Customer Success', 'Support', 'Product'], u('case team', n)) as team_name,
    responded_at + interval 5 minute as created_at,
    coalesce(known(closed_at), responded_at + interval 5 minute) as updated_at,
    known(closed_at) as closed_at,
    false as _fivetran_deleted,
    coalesce(known(closed_at), responded_at + interval 5 minute) + interval 6 hour as _fivetran_synced
from (
    select *, case when u('case closes', n) < 0.75 then responded_at + waits('case', n, 200) end as closed_at
    from sessions(getvariable('start'), getvariable('last_day'))
    where survey_id = 'SV_relationship' and scores[1] <= 6 and responded_at + interval 5 minute < closes_at()
);
