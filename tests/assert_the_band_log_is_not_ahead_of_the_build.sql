-- Claim: no build of a later day has written to the log of bands. While one has, nothing that
-- changes is noticed and no action opens. It only warns, for a build of a past day on purpose is
-- right; after an as_of_date set by mistake, --full-refresh of int_health__band_changes mends it.
{{ config(severity='warn') }}

select max(noticed_on) as newest_on
from {{ ref('int_health__band_changes') }}
having max(noticed_on) > {{ as_of_date_sql() }}
