-- Broken rules of the seeds that say what surveys ask, where on the journey, and whose it is.
with survey_questions as (

    select
        *,
        source_vendor || ' ' || survey_id || ' ' || question_id as question_name
    from {{ ref('survey_questions') }}

),

touchpoints as (

    select * from {{ ref('touchpoints') }}

),

journey_stages as (

    select * from {{ ref('journey_stages') }}

),

departments as (

    select * from {{ ref('departments') }}

)

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

{{ policy_rule('departments', '{' ~ fold_case('team') ~ '}', 'the team stands more than once') }}
from departments
group by {{ fold_case('team') }}
having count(*) > 1
