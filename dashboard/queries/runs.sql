-- The last runs.
select
    started_at,
    run_status,
    command,
    target_name,
    as_of_date,
    duration_seconds,
    models_built,
    nodes_failed,
    rows_in,
    rows_out,
    rows_quarantined
from run_history
order by started_at desc, run_id
limit 50
