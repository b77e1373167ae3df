-- Broken rules of the seeds that say what money is worth, when tickets are due, and where
-- schedules are.
{%- set currency = var('reporting_currency') %}
{%- set zones = "'" ~ modules.pytz.all_timezones | join("', '") ~ "'" %}

with exchange_rates as (

    select * from {{ ref('exchange_rates') }}

),

sla_targets as (

    select * from {{ ref('sla_targets') }}

),

time_zones as (

    select * from {{ ref('time_zones') }}

)

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
    'exchange_rates', currency,
    'reporting_currency must stand here, and only with rate 1: the rates are to that currency',
) }}
from exchange_rates
having
    coalesce(sum(case when from_currency = '{{ currency }}' then 1 else 0 end), 0) = 0
    or max(case when from_currency = '{{ currency }}' and rate <> 1 then 1 else 0 end) = 1

union all

{{ policy_rule('sla_targets', '{severity} {metric}', 'it stands more than once from {valid_from}') }}
from sla_targets
group by severity, metric, valid_from
having count(*) > 1

union all

{{ policy_rule(
    'sla_targets', '{severity} {metric}',
    'metric takes first_reply or resolution, target_minutes a number above 0; severity, is_business_hours and valid_from cannot be empty',
) }}
from sla_targets
where
    severity is null
    or severity <> {{ fold_case('trim(severity)') }}
    or coalesce(metric, '') not in ('first_reply', 'resolution')
    or target_minutes is null
    or target_minutes <= 0
    or is_business_hours is null
    or valid_from is null

union all

{{ policy_rule('time_zones', '{' ~ fold_case('rails_name') ~ '}', 'the name stands more than once') }}
from time_zones
group by {{ fold_case('rails_name') }}
having count(*) > 1

union all

{{ policy_rule('time_zones', '{rails_name}', 'the zone {iana_name} is no IANA time zone') }}
from time_zones
where rails_name is null or iana_name is null or iana_name not in ({{ zones }})
