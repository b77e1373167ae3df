-- Broken rules of the seeds that make bands of health scores and actions of bands.
with bands as (

    select
        *,
        band || ' from ' || cast(valid_from as {{ dbt.type_string() }}) as band_name
    from {{ ref('health_bands') }}

),

playbooks as (

    select
        *,
        band || ' ' || playbook || ' from ' || cast(valid_from as {{ dbt.type_string() }}) as playbook_name
    from {{ ref('playbooks') }}

),

overrides as (

    select
        *,
        row_number() over (
            order by
                {{ byte_order('account_ref') }} nulls last,
                starts_at nulls last,
                expires_at nulls last,
                {{ byte_order('band') }} nulls last,
                {{ byte_order('author') }} nulls last,
                {{ byte_order('reason') }} nulls last
        ) as override_number
    from {{ ref('health_overrides') }}

),

first_period as (

    select min(period_end) as period_end from {{ ref('int_periods') }}

),

next_bands as (

    select
        valid_from,
        band,
        band_name,
        score_from,
        score_below,
        lead(band) over (partition by valid_from order by score_from nulls first, {{ byte_order('band') }}) as next_band,
        lead(score_from) over (partition by valid_from order by score_from nulls first, {{ byte_order('band') }}) as next_from
    from bands

)

{{ policy_rule(
    'health_bands', 'from {valid_from}',
    'one band has no score_from and one no score_below; here it is {count(*) - count(score_from)} and {count(*) - count(score_below)}',
) }}
from bands
group by valid_from
having count(*) - count(score_from) <> 1 or count(*) - count(score_below) <> 1

union all

{{ policy_rule(
    'health_bands', '{band_name}',
    'it ends at {score_below} and the next band, {next_band}, begins at {next_from}: bands must meet, without gap or overlap',
) }}
from next_bands
where next_band is not null and next_from is distinct from score_below

union all

{{ policy_rule('health_bands', '{band_name}', 'score_from must be below score_below, and edges lie above 0 and up to 100') }}
from bands
where score_from >= score_below or score_from <= 0 or score_from > 100 or score_below <= 0 or score_below > 100

union all

{{ policy_rule('health_bands', '{band_name}', 'the band stands more than once') }}
from bands
group by band_name
having count(*) > 1

union all

{{ policy_rule(
    'health_bands', '{band} {valid_from}',
    'band and valid_from cannot be empty, and insufficient_signal is what an account without a band is called',
) }}
from bands
where band is null or valid_from is null or {{ fold_case('band') }} = 'insufficient_signal'

union all

{{ policy_rule('health_bands', 'all', 'bands must be valid from the first period on, {min(first_period.period_end)}') }}
from first_period
left join bands on bands.valid_from <= first_period.period_end
having count(bands.band) = 0

union all

{{ policy_rule('playbooks', '{playbook_name}', 'the band is not in health_bands.csv') }}
from playbooks
where band <> 'insufficient_signal' and band not in (select bands.band from bands where bands.band is not null)

union all

{{ policy_rule('playbooks', '{band} {playbook}', 'no field can be empty, owner_role takes csm or csm_lead, due_hours a number above 0') }}
from playbooks
where
    band is null
    or valid_from is null
    or playbook is null
    or priority is null
    or coalesce(owner_role, '') not in ('csm', 'csm_lead')
    or due_hours is null
    or due_hours <= 0

union all

{{ policy_rule('playbooks', '{playbook_name}', 'the playbook stands more than once') }}
from playbooks
group by playbook_name
having count(*) > 1

union all

{{ policy_rule('health_overrides', '{account_ref} {starts_at}', 'no field of an override can be empty') }}
from overrides
where
    coalesce(account_ref, '') = ''
    or coalesce(band, '') = ''
    or coalesce(author, '') = ''
    or coalesce(reason, '') = ''
    or starts_at is null
    or expires_at is null

union all

{{ policy_rule('health_overrides', '{account_ref} {starts_at}', 'the band {band} is not in health_bands.csv') }}
from overrides
where band not in (select bands.band from bands where bands.band is not null)

union all

{{ policy_rule('health_overrides', '{account_ref} {starts_at}', 'it expires at {expires_at}, before it starts') }}
from overrides
where expires_at <= starts_at

union all

{{ policy_rule(
    'health_overrides', '{later.account_ref} {later.starts_at}',
    'it overlaps the one of {earlier.starts_at}, which lasts until {earlier.expires_at}',
) }}
from overrides as later
inner join overrides as earlier
    on
        later.account_ref = earlier.account_ref
        and later.override_number > earlier.override_number
        and later.starts_at < earlier.expires_at
        and earlier.starts_at < later.expires_at
