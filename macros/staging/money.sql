{#- A computed amount as money: six decimals first, so that 1005.005 rounds alike on every
    engine although a double holds 1005.00499... -#}
{% macro to_money(amount) -%}
cast(cast({{ amount }} as numeric(28, 6)) as numeric(18, 2))
{%- endmacro %}

{#- Minor units in one major unit of a currency, as payment tools count them (ISK and UGX are
    landed with two decimals although they have none). -#}
{% macro minor_units(currency) -%}
case
            when {{ upper_code(currency) }} in (
                'BIF', 'CLP', 'DJF', 'GNF', 'JPY', 'KMF', 'KRW', 'MGA', 'PYG', 'RWF', 'VND', 'VUV', 'XAF', 'XOF', 'XPF'
            ) then 1.0
            when {{ upper_code(currency) }} in ('BHD', 'JOD', 'KWD', 'OMR', 'TND') then 1000.0
            else 100.0
        end
{%- endmacro %}

{#- Aggregates over subscription items of which condition says whether they are held. -#}

{#- Revenue of those with a price; 0 where none is held, null where none has a price, or where one had another that nobody knows: the rest
    would pass for the whole. -#}
{% macro held_revenue(amount, items, condition) -%}
cast(
            case
                when count(case when {{ condition }} then 1 end) = 0 then 0
                when count(case when {{ condition }} and {{ items }}.mrr is null and {{ items }}.price_as_of = 'unknown' then 1 end) = 0
                    then sum(case when {{ condition }} then {{ amount }} end)
            end as numeric(18, 2)
        )
{%- endmacro %}

{#- Seats in the same way. -#}
{% macro held_seats(items, condition) -%}
case
            when count(case when {{ condition }} then 1 end) = 0 then 0
            when count(case when {{ condition }} and {{ items }}.seats is null and {{ items }}.price_as_of = 'unknown' then 1 end) = 0
                then {{ total('case when ' ~ condition ~ ' then ' ~ items ~ '.seats end') }}
        end
{%- endmacro %}

{#- unknown before current before period. -#}
{% macro worst_price_as_of(items, condition) -%}
case
            when count(case when {{ condition }} and {{ items }}.price_as_of = 'unknown' then 1 end) > 0 then 'unknown'
            when count(case when {{ condition }} and {{ items }}.price_as_of = 'current' then 1 end) > 0 then 'current'
            else 'period'
        end
{%- endmacro %}
