-- Grain: one row per band, playbook and version, with the days it counts (valid_from inclusive,
-- valid_before exclusive).
with playbooks as (

    select * from {{ ref('playbooks') }}

),

playbook_sets as (

    {{ row_sets('playbooks', 'band') }}

)

select
    playbooks.band,
    playbooks.playbook,
    playbooks.priority,
    playbooks.owner_role,
    playbooks.due_hours,
    playbook_sets.valid_from,
    playbook_sets.valid_before
from playbooks
inner join playbook_sets
    on playbooks.band = playbook_sets.band and playbooks.valid_from = playbook_sets.valid_from
