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
