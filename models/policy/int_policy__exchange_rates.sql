-- Grain: one row per currency and rate, valid from a day until the day before the next rate.
select
    from_currency,
    valid_from,
    lead(valid_from) over (partition by from_currency order by valid_from) as valid_until,
    -- wide enough that an amount times a rate stays exact
    cast(rate as {{ sql_type('numeric(20, 12)') }}) as rate
from {{ ref('exchange_rates') }}
