-- Claim: the last row of an account in the log is what account_health reports on as_of_date, so
-- nothing that was reported went unnoticed.
with band_log as (

    select
        *,
        row_number() over (partition by account_id order by change_number desc) as rows_back,
        max(noticed_on) over () as newest_on
    from {{ ref('int_health__band_changes') }}

)

select
    health.account_id,
    health.reported_band,
    band_log.reported_band as logged_band,
    health.scorecard_version,
    band_log.scorecard_version as logged_version
from {{ ref('account_health_latest') }} as health
left join band_log on health.account_id = band_log.account_id and band_log.rows_back = 1
where
    (band_log.newest_on is null or band_log.newest_on <= {{ as_of_date_sql() }})
    and (
        band_log.account_id is null
        or band_log.reported_band is distinct from case when health.is_customer then health.reported_band end
        or band_log.scorecard_version is distinct from health.scorecard_version
    )
