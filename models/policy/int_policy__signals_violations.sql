-- Broken rules of the seed that makes pillar scores of signals.
{%- set pillars = "'" ~ health_pillars() | join("', '") ~ "'" %}
{%- set known_signals = "'" ~ health_signal_columns() | map(attribute='name') | join("', '") ~ "'" %}

with scorecards as (

    select * from {{ ref('health_scorecards') }}

),

signals as (

    select
        *,
        scorecard || ' from ' || cast(valid_from as {{ dbt.type_string() }}) as signal_set
    from {{ ref('health_signals') }}

),

first_period as (

    select min(period_end) as period_end from {{ ref('int_periods') }}

)

{{ policy_rule(
    'health_signals', '{signal_set} {pillar}',
    'the weights inside the pillar sum to {sum(weight)} and must sum to exactly 1',
) }}
from signals
group by signal_set, pillar
having sum(weight) <> 1

union all

{{ policy_rule('health_signals', '{signal_set} {signal}', 'the weight is missing or not above 0 and up to 1') }}
from signals
where weight is null or weight <= 0 or weight > 1

union all

{{ policy_rule('health_signals', '{signal_set} {signal}', 'the signal is unknown: it is no signal column of int_health__signal_values') }}
from signals
where signal is null or signal not in ({{ known_signals }})

union all

{{ policy_rule('health_signals', '{signal_set} {signal}', 'the pillar {pillar} is unknown: there are ' ~ health_pillars() | join(', ')) }}
from signals
where pillar is null or pillar not in ({{ pillars }})

union all

{{ policy_rule('health_signals', '{signal_set} {signal}', 'the signal stands more than once') }}
from signals
group by signal_set, signal
having count(*) > 1

union all

{{ policy_rule(
    'health_signals', '{signal_set} {signal}',
    'score_0_at ({score_0_at}) and score_100_at ({score_100_at}) are needed and must differ',
) }}
from signals
where score_0_at is null or score_100_at is null or score_0_at = score_100_at

union all

{{ policy_rule('health_signals', '{scorecard} {signal}', 'no field of a signal can be empty') }}
from signals
where scorecard is null or valid_from is null

union all

{{ policy_rule('health_signals', '{signal_set}', 'the scorecard {scorecard} is not in health_scorecards.csv') }}
from signals
where scorecard not in (select scorecards.scorecard from scorecards where scorecards.scorecard is not null)
group by signal_set, scorecard

union all

{{ policy_rule(
    'health_signals', 'default',
    'the signals of default must be valid from the first period on, {min(first_period.period_end)}',
) }}
from first_period
left join signals on signals.scorecard = 'default' and signals.valid_from <= first_period.period_end
having count(signals.scorecard) = 0
