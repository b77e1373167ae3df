-- Grain: one row per account and change_number. The log of what each build noticed: the reported
-- band of a customer (null: no customer, or gone) and the scorecard version it was made by. The
-- first build writes every change along the periods; later ones append what is new, and never
-- touch a row, so that an alert that was raised stays raised. A build of an earlier day than the
-- newest row appends nothing. --full-refresh writes the log anew from the period ends.
{{ config(materialized='incremental', incremental_strategy='append') }}

with periods as (

    select period_end from {{ ref('int_periods') }}

),

scores as (

    select
        period_end,
        account_id,
        case when is_customer then reported_band end as reported_band,
        scorecard_version
    from {{ ref('int_health__scores') }}

),

{% if is_incremental() -%}

band_log as (

    select
        *,
        row_number() over (partition by account_id order by change_number desc) as rows_back,
        max(noticed_on) over () as newest_on
    from {{ this }}

),

last_rows as (

    select * from band_log where rows_back = 1

),

{% else -%}

last_rows as (

    select
        account_id,
        0 as change_number,
        period_end as noticed_on,
        reported_band,
        scorecard_version,
        period_end as newest_on
    from scores
    where 1 = 0

),

{% endif -%}

accounts as (

    select account_id from scores
    union distinct
    select account_id from last_rows

),

log_end as (

    select max(newest_on) as newest_on from last_rows

),

-- of an account in the log what came after it, and today; of another one all
states as (

    select
        accounts.account_id,
        periods.period_end as noticed_on,
        scores.reported_band,
        scores.scorecard_version
    from accounts
    cross join periods
    cross join log_end
    left join last_rows on accounts.account_id = last_rows.account_id
    left join scores on accounts.account_id = scores.account_id and periods.period_end = scores.period_end
    where
        log_end.newest_on is null
        or (
            {{ as_of_date_sql() }} >= log_end.newest_on
            and (
                last_rows.account_id is null
                or periods.period_end > log_end.newest_on
                or periods.period_end = {{ as_of_date_sql() }}
            )
        )

),

chained as (

    select account_id, noticed_on, reported_band, scorecard_version, change_number, 0 as is_new from last_rows
    union all
    select account_id, noticed_on, reported_band, scorecard_version, 0 as change_number, 1 as is_new from states

),

compared as (

    select
        *,
        lag(reported_band) over (partition by account_id order by is_new, noticed_on) as previous_band,
        lag(scorecard_version) over (partition by account_id order by is_new, noticed_on) as previous_version,
        max(change_number) over (partition by account_id) as last_number
    from chained

)

select
    account_id,
    cast(
        last_number + row_number() over (partition by account_id order by noticed_on) as {{ dbt.type_bigint() }}
    ) as change_number,
    noticed_on,
    reported_band,
    scorecard_version,
    coalesce(scorecard_version <> previous_version, false) as is_muted
from compared
where
    is_new = 1
    and (reported_band is distinct from previous_band or scorecard_version is distinct from previous_version)
