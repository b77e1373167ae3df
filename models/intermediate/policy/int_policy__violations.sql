-- One row per broken rule of a policy seed: a flat list, as long as there are rules. Every staging model waits for this one, and its
-- post-hook stops the run when there is a row, so a broken policy never reaches a mart.
{{ config(materialized='table', post_hook='{{ stop_on_policy_violations() }}') }}

with role_weights as (

    select
        *,
        weight_scheme || ' from ' || cast(valid_from as {{ dbt.type_string() }}) as scheme_version
    from {{ ref('role_weights') }}

),

title_roles as (

    select *, 'rule ' || cast(rule_order as {{ dbt.type_string() }}) as rule_name from {{ ref('title_roles') }}

),

survey_questions as (

    select *, source_vendor || ' ' || survey_id || ' ' || question_id as question_name
    from {{ ref('survey_questions') }}

),

touchpoints as (select * from {{ ref('touchpoints') }}),

journey_stages as (select * from {{ ref('journey_stages') }}),

departments as (select * from {{ ref('departments') }}),

exchange_rates as (select * from {{ ref('exchange_rates') }}),

-- a role is known when the default scheme weighs it
known_roles as (select distinct contact_role from role_weights where weight_scheme = 'default'),

first_period as (select min(period_end) as period_end from {{ ref('int_periods') }}),

violations as (

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
        (earlier.match_type = 'contains' and {{ dbt.position('lower(earlier.pattern)', 'lower(later.pattern)') }} > 0)
        or (
            earlier.match_type = 'word'
            and later.match_type <> 'contains'
            and {{ dbt.position("' ' || lower(earlier.pattern) || ' '", "' ' || lower(later.pattern) || ' '") }} > 0
        )
        or (earlier.match_type = later.match_type and lower(earlier.pattern) = lower(later.pattern))

    union all
    {{ policy_rule('survey_questions', '{question_name}', 'the question stands more than once') }}
    from survey_questions
    group by question_name
    having count(*) > 1

    union all
    {{ policy_rule(
        'survey_questions', '{question_name}',
        'metric takes nps (family relationship), csat or ces (transactional) or engagement (employee)',
    ) }}
    from survey_questions
    where
        coalesce(metric, '') || ' ' || coalesce(survey_family, '')
        not in ('nps relationship', 'csat transactional', 'ces transactional', 'engagement employee')

    union all
    {{ policy_rule(
        'survey_questions', '{question_name}',
        'the scale needs scale_min < scale_max, higher_is_better, and top_box_from inside the scale; nps is asked from 0 to 10',
    ) }}
    from survey_questions
    where
        scale_min is null
        or scale_max is null
        or scale_min >= scale_max
        or higher_is_better is null
        or top_box_from is null
        or top_box_from not between scale_min and scale_max
        or (metric = 'nps' and (scale_min <> 0 or scale_max <> 10 or not higher_is_better))

    union all
    {{ policy_rule('survey_questions', '{question_name}', 'the touchpoint {touchpoint} is not in touchpoints.csv') }}
    from survey_questions
    where touchpoint not in (select touchpoints.touchpoint from touchpoints)

    union all
    {{ policy_rule('touchpoints', '{touchpoint}', 'the touchpoint stands more than once') }}
    from touchpoints
    group by touchpoint
    having count(*) > 1

    union all
    {{ policy_rule('touchpoints', '{touchpoint}', 'the journey stage {journey_stage} is not in journey_stages.csv') }}
    from touchpoints
    where journey_stage is null or journey_stage not in (select journey_stages.journey_stage from journey_stages)

    union all
    {{ policy_rule('touchpoints', '{touchpoint}', 'metric takes csat or ces') }}
    from touchpoints
    where coalesce(metric, '') not in ('csat', 'ces')

    union all
    {{ policy_rule('journey_stages', '{journey_stage}', 'the journey stage stands more than once') }}
    from journey_stages
    group by journey_stage
    having count(*) > 1

    union all
    {{ policy_rule('departments', '{lower(team)}', 'the team stands more than once') }}
    from departments
    group by lower(team)
    having count(*) > 1

    union all
    {{ policy_rule('exchange_rates', '{from_currency}', 'two rates begin on {valid_from}') }}
    from exchange_rates
    group by from_currency, valid_from
    having count(*) > 1

    union all
    {{ policy_rule(
        'exchange_rates', '{from_currency}',
        'a rate needs a currency code of three capital letters, valid_from, and a rate above 0',
    ) }}
    from exchange_rates
    where
        from_currency is null
        or not {{ matches('from_currency', '^[A-Z]{3}$') }}
        or valid_from is null
        or rate is null
        or rate <= 0

    union all
    {{ policy_rule(
        'exchange_rates', var('reporting_currency', 'USD'),
        'reporting_currency must stand here, and only with rate 1: the rates are to that currency',
    ) }}
    from exchange_rates
    having
        coalesce(sum(case when from_currency = '{{ var("reporting_currency", "USD") }}' then 1 else 0 end), 0) = 0
        or max(case when from_currency = '{{ var("reporting_currency", "USD") }}' and rate <> 1 then 1 else 0 end) = 1

    union all
    {{ policy_rule('sla_targets', '{severity} {metric}', 'it stands more than once from {valid_from}') }}
    from {{ ref('sla_targets') }}
    group by severity, metric, valid_from
    having count(*) > 1

    union all
    {{ policy_rule(
        'sla_targets', '{severity} {metric}',
        'metric takes first_reply or resolution, target_minutes a number above 0; severity, is_business_hours and valid_from cannot be empty',
    ) }}
    from {{ ref('sla_targets') }}
    where
        severity is null
        or severity <> lower(trim(severity))
        or coalesce(metric, '') not in ('first_reply', 'resolution')
        or target_minutes is null
        or target_minutes <= 0
        or is_business_hours is null
        or valid_from is null

    union all
    {{ policy_rule('time_zones', '{lower(rails_name)}', 'the name stands more than once') }}
    from {{ ref('time_zones') }}
    group by lower(rails_name)
    having count(*) > 1

    union all
    {{ policy_rule('time_zones', '{rails_name}', 'the zone {iana_name} is no IANA time zone') }}
    from {{ ref('time_zones') }}
    where rails_name is null or iana_name is null or iana_name not in ('{{ modules.pytz.all_timezones | join("', '") }}') -- noqa: LT05

)

select * from violations
