-- An episode is a run of log rows of one band. It opens the band's playbooks unless the scorecard
-- changed with its first row, and closes them on the day another band was noticed.
with band_log as (

    select
        *,
        lag(reported_band) over (partition by account_id order by change_number) as previous_band
    from {{ ref('int_health__band_changes') }}
    where noticed_on <= {{ as_of_date_sql() }}

),

episodes as (

    select
        account_id,
        reported_band as band,
        noticed_on,
        is_muted,
        lead(noticed_on) over (partition by account_id order by change_number) as left_on,
        row_number() over (partition by account_id, reported_band, noticed_on order by change_number) as episode_of_day
    from band_log
    where reported_band is distinct from previous_band

),

playbooks as (

    select * from {{ ref('int_policy__playbooks') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

users as (

    select * from {{ ref('int_crm__crm_users_checked') }} where quarantine_reason is null

),

actions as (

    select
        episodes.*,
        playbooks.playbook,
        playbooks.priority,
        playbooks.owner_role,
        {{ day_close(add_days('episodes.noticed_on', -1)) }} as opened_at,
        {{ dbt.dateadd('hour', 'playbooks.due_hours', day_close(add_days('episodes.noticed_on', -1))) }} as due_at,
        {{ day_close(add_days('episodes.left_on', -1)) }} as closed_at
    from episodes
    inner join playbooks on episodes.band = playbooks.band and {{ counts_on('playbooks', 'episodes.noticed_on') }}
    where not episodes.is_muted

)

select
    {{ dbt.hash(spelled(['actions.account_id', 'actions.band', 'actions.playbook', 'actions.noticed_on', 'actions.episode_of_day'])) }}
        as action_id,
    actions.account_id,
    accounts.account_name,
    accounts.arr,
    actions.band,
    actions.playbook,
    actions.priority,
    actions.owner_role,
    -- nobody known above the owner: the owner
    case when actions.owner_role = 'csm_lead' then coalesce(users.manager_id, accounts.owner_id) else accounts.owner_id end as owner_id,
    case
        when actions.closed_at is not null then 'closed'
        when actions.due_at < {{ day_close(as_of_date_sql()) }} then 'past_due'
        else 'open'
    end as status,
    actions.opened_at,
    actions.due_at,
    actions.closed_at
from actions
inner join accounts on actions.account_id = accounts.account_id
left join users on accounts.owner_id = users.user_id
