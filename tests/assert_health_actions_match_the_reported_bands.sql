-- Claim: what is open is of the band that is reported today, and a customer whose band was entered
-- under the present scorecard has every playbook of it open. A build of a day before the newest
-- log row reads the log as it was, so there is nothing to compare.
with band_log as (

    select
        *,
        lag(reported_band) over (partition by account_id order by change_number) as previous_band,
        max(noticed_on) over () as newest_on
    from {{ ref('int_health__band_changes') }}

),

entries as (

    select
        *,
        row_number() over (partition by account_id order by change_number desc) as entries_back
    from band_log
    where reported_band is distinct from previous_band and newest_on <= {{ as_of_date_sql() }}

),

expected as (

    select
        entries.account_id,
        playbooks.playbook
    from entries
    inner join {{ ref('account_health_latest') }} as health
        on entries.account_id = health.account_id and entries.reported_band = health.reported_band
    inner join {{ ref('int_policy__playbooks') }} as playbooks
        on entries.reported_band = playbooks.band and {{ counts_on('playbooks', 'entries.noticed_on') }}
    where entries.entries_back = 1 and health.is_customer and not entries.is_muted

),

still_open as (

    select
        account_id,
        playbook
    from {{ ref('health_actions') }}
    where status <> 'closed' and exists (select 1 from entries)

)

select
    coalesce(expected.account_id, still_open.account_id) as account_id,
    expected.playbook as expected_playbook,
    still_open.playbook as open_playbook
from expected
full outer join still_open on expected.account_id = still_open.account_id and expected.playbook = still_open.playbook
where expected.account_id is null or still_open.account_id is null
