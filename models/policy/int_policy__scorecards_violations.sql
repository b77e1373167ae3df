-- Broken rules of the seeds that say what pillars and renewal statuses are worth.
{%- set pillars = "'" ~ health_pillars() | join("', '") ~ "'" %}

with scorecards as (

    select
        *,
        scorecard || ' from ' || cast(valid_from as {{ dbt.type_string() }}) as scorecard_set
    from {{ ref('health_scorecards') }}

),

signals as (

    select * from {{ ref('health_signals') }}

),

renewal_scores as (

    select * from {{ ref('renewal_status_scores') }}

),

first_period as (

    select min(period_end) as period_end from {{ ref('int_periods') }}

),

-- every day on which something begins to count
starts as (

    select scorecards.valid_from as moment from scorecards
    union distinct
    select signals.valid_from as moment from signals
    union distinct
    select first_period.period_end as moment from first_period

),

moments as (

    select starts.moment
    from starts
    cross join first_period
    where starts.moment >= first_period.period_end

),

scorecard_sets as (

    {{ row_sets('scorecards', 'scorecard') }}

),

signal_sets as (

    {{ row_sets('signals', 'scorecard') }}

),

in_force as (

    {{ scorecards_in_force('moments', 'moment') }}

)

{{ policy_rule('health_scorecards', '{scorecard_set}', 'the weights sum to {sum(weight)} and must sum to exactly 1') }}
from scorecards
group by scorecard_set
having sum(weight) <> 1

union all

{{ policy_rule('health_scorecards', '{scorecard_set}', 'the weight of {pillar} is missing or not above 0 and up to 1') }}
from scorecards
where weight is null or weight <= 0 or weight > 1

union all

{{ policy_rule('health_scorecards', '{scorecard_set}', 'the pillar {pillar} is unknown: there are ' ~ health_pillars() | join(', ')) }}
from scorecards
where pillar is null or pillar not in ({{ pillars }})

union all

{{ policy_rule('health_scorecards', '{scorecard_set}', 'the pillar {pillar} stands more than once') }}
from scorecards
group by scorecard_set, pillar
having count(*) > 1

union all

{{ policy_rule('health_scorecards', '{scorecard} {pillar}', 'no field of a weight can be empty') }}
from scorecards
where scorecard is null or valid_from is null

union all

{{ policy_rule(
    'health_scorecards', '{max(' ~ byte_order('scorecard') ~ ')}',
    'it differs from {min(' ~ byte_order('scorecard') ~ ')} by case or blanks only, so a segment could mean both',
) }}
from scorecards
group by {{ fold_case('trim(scorecard)') }}
having min({{ byte_order('scorecard') }}) <> max({{ byte_order('scorecard') }})

union all

{{ policy_rule(
    'health_scorecards', 'default',
    'the scorecard default must be valid from the first period on, {min(first_period.period_end)}',
) }}
from first_period
left join scorecards on scorecards.scorecard = 'default' and scorecards.valid_from <= first_period.period_end
having count(scorecards.scorecard) = 0

union all

{{ policy_rule(
    'health_scorecards', '{scorecards.scorecard_set}',
    'the pillar {scorecards.pillar} has no signal in health_signals.csv from {min(in_force.moment)}',
) }}
from in_force
inner join scorecards
    on in_force.scorecard = scorecards.scorecard and in_force.scorecard_from = scorecards.valid_from
left join signals
    on
        in_force.signals_of = signals.scorecard
        and in_force.signals_from = signals.valid_from
        and scorecards.pillar = signals.pillar
where signals.signal is null and in_force.signals_from is not null
group by scorecards.scorecard_set, scorecards.pillar

union all

{{ policy_rule('renewal_status_scores', '{renewal_status}', 'renewal_status, valid_from and a score from 0 to 100 are needed') }}
from renewal_scores
where renewal_status is null or valid_from is null or score is null or score < 0 or score > 100

union all

{{ policy_rule('renewal_status_scores', '{' ~ fold_case('trim(renewal_status)') ~ '}', 'two scores begin on {valid_from}') }}
from renewal_scores
group by {{ fold_case('trim(renewal_status)') }}, valid_from
having count(*) > 1
