{#- Wilson interval of a share, 95 %: side is -1 for its lower end, 1 for its upper (Wilson 1927). Null without cases.
    effective: as many independent cases say as much as these (effective_cases). -#}
{% macro wilson_bound(successes, cases, side, effective=none) -%}
    {%- set z2 = z_score() ~ ' * ' ~ z_score() -%}
    {%- set n = effective or as_double(cases) -%}
    {%- set share = '(' ~ as_double(successes) ~ ' / ' ~ as_double(cases) ~ ')' -%}
case
        when {{ cases }} > 0 then {{ twelve_decimals(clip(
            '(' ~ share ~ ' + ' ~ z2 ~ ' / (2.0 * ' ~ n ~ ') + ' ~ side ~ ' * ' ~ z_score() ~ ' * sqrt(' ~ share ~ ' * (1.0 - ' ~ share
            ~ ') / ' ~ n ~ ' + ' ~ z2 ~ ' / (4.0 * ' ~ n ~ ' * ' ~ n ~ '))) / (1.0 + ' ~ z2 ~ ' / ' ~ n ~ ')', '0.0', '1.0'
        )) }}
    end
{%- endmacro %}

{#- Three columns of a rate: <name>_rate (or `rate`), and its 95 % interval as <name>_ci_low and <name>_ci_high; null without
    cases. -#}
{% macro rate_with_interval(name, successes, cases, rate=none, effective=none) -%}
{{ share_of(successes, cases) }} as {{ rate or name ~ '_rate' }},
    {{ wilson_bound(successes, cases, -1, effective) }} as {{ name }}_ci_low,
    {{ wilson_bound(successes, cases, 1, effective) }} as {{ name }}_ci_high
{%- endmacro %}

{#- Two bounds of first minus second, from the value and the bounds of each: for shares with Wilson bounds Newcombe's method 10 (1998). The
    distance to a bound is the root of the sum of squares of the two distances that lead there. first and second are names of columns
    or of what goes before _low and _high: {value, bounds}. -#}
{% macro difference_bound(first, second, side) -%}
    {%- set low, high = '_ci_low', '_ci_high' -%}
    {%- set up = '(' ~ first.bounds ~ high ~ ' - ' ~ first.value ~ ')', '(' ~ second.value ~ ' - ' ~ second.bounds ~ low ~ ')' -%}
    {%- set down = '(' ~ first.value ~ ' - ' ~ first.bounds ~ low ~ ')', '(' ~ second.bounds ~ high ~ ' - ' ~ second.value ~ ')' -%}
    {%- set a, b = up if side > 0 else down -%}
{{ rounded(first.value ~ ' - ' ~ second.value ~ (' + ' if side > 0 else ' - ') ~ 'sqrt(' ~ a ~ ' * ' ~ a ~ ' + ' ~ b ~ ' * ' ~ b ~ ')') }}
{%- endmacro %}

{#- Three columns: <name>_difference, first minus second, and its 95 % interval. -#}
{% macro difference_with_interval(name, first, second) -%}
{{ rounded(first.value ~ ' - ' ~ second.value) }} as {{ name }}_difference,
    {{ difference_bound(first, second, -1) }} as {{ name }}_difference_ci_low,
    {{ difference_bound(first, second, 1) }} as {{ name }}_difference_ci_high
{%- endmacro %}

{#- Enough cases to report a figure of. -#}
{% macro is_reportable(cases) -%}
coalesce({{ cases }}, 0) >= {{ whole_number('min_reportable_responses') }}
{%- endmacro %}

{#- Aggregate: sum of the squares of the residuals of a ratio of two sums, the share of a case in the one sum less its share in the other. -#}
{% macro residual_squares(above, sum_above, below, sum_below) -%}
    {%- set residual = '(' ~ as_double(above) ~ ' / nullif(' ~ sum_above ~ ', 0) - ' ~ as_double(below) ~ ' / nullif(' ~ sum_below ~ ', 0))' -%}
{{ as_double('sum(' ~ exact(residual ~ ' * ' ~ residual) ~ ')') }}
{%- endmacro %}

{#- Half width of the 95 % interval of a ratio of two sums over cases (ratio estimator); squares: residual_squares.
    Null below 10 cases, of which nobody knows how they spread. -#}
{% macro ratio_half_width(sum_above, sum_below, squares, cases) -%}
case
            when {{ cases }} >= 10
                then {{ z_score() }} * {{ as_double(sum_above) }} / nullif({{ sum_below }}, 0)
                    * sqrt({{ as_double(cases) }} / ({{ cases }} - 1) * coalesce({{ squares }}, 0))
        end
{%- endmacro %}
