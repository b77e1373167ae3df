-- Grain: one row per price or plan, deleted ones too: what was paid at them was paid. A price of packages is paid for whole ones; one
-- that is metered or tiered has no unit price that a quantity multiplies.
{{ config(enabled=is_listed('billing', 'stripe')) }}
{%- set price = landed('stripe', 'price') %}
{%- set plan = landed('stripe', 'plan', in_demo=false) %}

with landed_prices as (

    select
        {{ field(price, 'id', required=true) }} as price_id,
        coalesce({{ field(price, 'unit_amount', 'double precision') }}, {{ field(price, 'unit_amount_decimal', 'double precision') }})
            as unit_amount,
        {{ field(price, 'currency') }} as currency,
        {{ fold_case(field(price, 'recurring_interval')) }} as recurring_interval,
        {{ field(price, 'recurring_interval_count', 'bigint') }} as interval_count,
        {{ fold_case(field(price, 'recurring_usage_type')) }} as usage_type,
        {{ fold_case(field(price, 'billing_scheme')) }} as billing_scheme,
        {{ field(price, 'transform_quantity_divide_by', 'bigint') }} as units_in_package,
        {{ fold_case(field(price, 'transform_quantity_round')) }} as package_rounding,
        {{ parse_errors(price) }} as parse_errors,
        1 as precedence
    from {{ landed_from(price, newest=true) }}
    where {{ live_rows(price, keep_deleted=true) }}

    union all

    select
        {{ field(plan, 'id', required=true) }} as price_id,
        coalesce({{ field(plan, 'amount', 'double precision') }}, {{ field(plan, 'amount_decimal', 'double precision') }})
            as unit_amount,
        {{ field(plan, 'currency') }} as currency,
        {{ fold_case(field(plan, 'interval')) }} as recurring_interval,
        {{ field(plan, 'interval_count', 'bigint') }} as interval_count,
        {{ fold_case(field(plan, 'usage_type')) }} as usage_type,
        {{ fold_case(field(plan, 'billing_scheme')) }} as billing_scheme,
        {{ field(plan, 'transform_usage_divide_by', 'bigint') }} as units_in_package,
        {{ fold_case(field(plan, 'transform_usage_round')) }} as package_rounding,
        {{ parse_errors(plan) }} as parse_errors,
        2 as precedence
    from {{ landed_from(plan, newest=true) }}
    where {{ live_rows(plan, keep_deleted=true) }}

),

numbered_prices as (

    select
        *,
        row_number() over (
            partition by price_id order by precedence, unit_amount nulls last, currency nulls last, units_in_package nulls last
        ) as price_number
    from landed_prices

)

select
    price_id,
    case when coalesce(usage_type, 'licensed') <> 'metered' and coalesce(billing_scheme, 'per_unit') <> 'tiered' then unit_amount end
        as unit_amount,
    {{ upper_code('currency') }} as currency,
    {{ as_double("case recurring_interval when 'year' then 1 when 'month' then 12 when 'week' then 52 when 'day' then 365 end") }}
    / coalesce(nullif(interval_count, 0), 1) as times_a_year,
    coalesce(usage_type, 'licensed') = 'metered' as is_metered,
    nullif(units_in_package, 0) as units_in_package,
    package_rounding,
    parse_errors
from numbered_prices
where price_number = 1
