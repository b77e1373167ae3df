{#- Wilson interval of a share, 95 %: side is -1 for its lower end, 1 for its upper (Wilson 1927). Null without cases. -#}
{% macro wilson_bound(successes, cases, side) -%}
    {%- set z2 = z_score() ~ ' * ' ~ z_score() -%}
    {%- set n = as_double(cases) -%}
    {%- set share = '(' ~ as_double(successes) ~ ' / ' ~ n ~ ')' -%}
case
        when {{ cases }} > 0 then {{ twelve_decimals(clip(
            '(' ~ share ~ ' + ' ~ z2 ~ ' / (2.0 * ' ~ n ~ ') + ' ~ side ~ ' * ' ~ z_score() ~ ' * sqrt(' ~ share ~ ' * (1.0 - ' ~ share
            ~ ') / ' ~ n ~ ' + ' ~ z2 ~ ' / (4.0 * ' ~ n ~ ' * ' ~ n ~ '))) / (1.0 + ' ~ z2 ~ ' / ' ~ n ~ ')', '0.0', '1.0'
        )) }}
    end
{%- endmacro %}

{#- Three columns of a rate: <name>_rate (or `rate`), and its 95 % interval as <name>_ci_low and <name>_ci_high; null without
    cases. -#}
{% macro rate_with_interval(name, successes, cases, rate=none) -%}
{{ share_of(successes, cases) }} as {{ rate or name ~ '_rate' }},
    {{ wilson_bound(successes, cases, -1) }} as {{ name }}_ci_low,
    {{ wilson_bound(successes, cases, 1) }} as {{ name }}_ci_high
{%- endmacro %}

{#- Enough cases to report a figure of. -#}
{% macro is_reportable(cases) -%}
coalesce({{ cases }}, 0) >= {{ whole_number('min_reportable_responses') }}
{%- endmacro %}
