-- Broken rules of the seeds that say who speaks and how much it weighs.
with role_weights as (

    select
        *,
        weight_scheme || ' from ' || cast(valid_from as {{ dbt.type_string() }}) as scheme_version
    from {{ ref('role_weights') }}

),

title_roles as (

    select
        *,
        'rule ' || cast(rule_order as {{ dbt.type_string() }}) as rule_name
    from {{ ref('title_roles') }}

),

-- a role is known when the default scheme weighs it
known_roles as (

    select distinct contact_role from role_weights where weight_scheme = 'default'

),

first_period as (

    select min(period_end) as period_end from {{ ref('int_periods') }}

)

{{ policy_rule('role_weights', '{scheme_version}', 'the weights sum to {sum(weight)} and must sum to exactly 1') }}
from role_weights
group by scheme_version
having sum(weight) <> 1

union all

{{ policy_rule('role_weights', '{scheme_version}', 'the weight of {contact_role} is missing or outside 0 to 1') }}
from role_weights
where weight is null or weight < 0 or weight > 1

union all

{{ policy_rule('role_weights', '{scheme_version}', 'the role {contact_role} stands more than once') }}
from role_weights
group by scheme_version, contact_role
having count(*) > 1

union all

{{ policy_rule(
    'role_weights', '{scheme_version}',
    'two roles share the seniority {seniority}, so neither is the senior one',
) }}
from role_weights
group by scheme_version, seniority
having count(*) > 1

union all

{{ policy_rule(
    'role_weights', '{scheme_version}',
    'the role {contact_role} is unknown: the default scheme does not weigh it',
) }}
from role_weights
where contact_role not in (select known_roles.contact_role from known_roles) or contact_role = 'unknown'

union all

{{ policy_rule('role_weights', '{scheme_version}', 'the name pooled is reserved for accounts none of whose roles is known') }}
from role_weights
where weight_scheme = 'pooled'
group by scheme_version

union all

{{ policy_rule('role_weights', '{weight_scheme} {contact_role}', 'no field of a weight can be empty') }}
from role_weights
where weight_scheme is null or valid_from is null or contact_role is null or seniority is null

union all

{{ policy_rule(
    'role_weights', 'default',
    'the scheme default must be valid from the first period on, {min(first_period.period_end)}',
) }}
from first_period
left join role_weights
    on
        role_weights.weight_scheme = 'default'
        and role_weights.valid_from <= first_period.period_end
having count(role_weights.weight_scheme) = 0

union all

{{ policy_rule('title_roles', '{rule_name}', 'the role {contact_role} is unknown: role_weights does not weigh it') }}
from title_roles
where contact_role is null or contact_role not in (select known_roles.contact_role from known_roles)

union all

{{ policy_rule(
    'title_roles', '{rule_name}',
    'applies_to takes title or crm_role, match_type takes word, contains or equals, and pattern cannot be empty',
) }}
from title_roles
where
    coalesce(applies_to, '') not in ('title', 'crm_role')
    or coalesce(match_type, '') not in ('word', 'contains', 'equals')
    or coalesce(pattern, '') = ''

union all

{{ policy_rule('title_roles', 'rule_order {rule_order}', 'two rules share it, so neither comes first') }}
from title_roles
group by rule_order
having count(*) > 1

union all

{{ policy_rule(
    'title_roles', '{later.rule_name}',
    'overlaps: {earlier.rule_name} ({earlier.pattern}) comes first and matches every {later.applies_to} that {later.pattern} does',
) }}
from title_roles as later
inner join title_roles as earlier
    on
        later.applies_to = earlier.applies_to
        and later.rule_order > earlier.rule_order
where
    (earlier.match_type = 'contains' and {{ dbt.position(fold_case('earlier.pattern'), fold_case('later.pattern')) }} > 0)
    or (
        earlier.match_type = 'word'
        and later.match_type <> 'contains'
        and {{ dbt.position("' ' || " ~ fold_case('earlier.pattern') ~ " || ' '", "' ' || " ~ fold_case('later.pattern') ~ " || ' '") }} > 0
    )
    or (earlier.match_type = later.match_type and {{ fold_case('earlier.pattern') }} = {{ fold_case('later.pattern') }})
