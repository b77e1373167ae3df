{#- NPS and its uncertainty from counts. All results are doubles, null where nobody answered.
    Interval: up to 30 votes the score interval, from the table nps_score_intervals; above them adjusted
    Wald (Rocks 2016): 3/4 is added to promoters and to detractors and 3/2 to passives, so n grows by 3;
    the point estimate stays raw. -#}

{% macro z_score() %}{{ return('1.96') }}{% endmacro %}

{% macro as_double(expression) -%}
cast({{ expression }} as {{ sql_type('double precision') }})
{%- endmacro %}

{% macro nps(promoters, detractors, responses) -%}
100.0 * {{ as_double(promoters ~ ' - ' ~ detractors) }} / nullif({{ responses }}, 0)
{%- endmacro %}

{#- The adjusted score: centre of the interval. -#}
{% macro nps_adjusted(promoters, detractors, responses) -%}
case when {{ responses }} > 0 then 100.0 * {{ as_double(promoters ~ ' - ' ~ detractors) }} / ({{ responses }} + 3.0) end
{%- endmacro %}

{#- Squared standard error of the adjusted score, on the -1 to 1 scale: var' / (n + 3) with
    var' = P' + D' - (P' - D')^2. -#}
{% macro nps_squared_error(promoters, detractors, responses) -%}
case
        when {{ responses }} > 0 then
            (
                {{ as_double(promoters ~ ' + ' ~ detractors ~ ' + 1.5') }} / ({{ responses }} + 3.0)
                - {{ as_double(promoters ~ ' - ' ~ detractors) }} / ({{ responses }} + 3.0)
                * {{ as_double(promoters ~ ' - ' ~ detractors) }} / ({{ responses }} + 3.0)
            ) / ({{ responses }} + 3.0)
    end
{%- endmacro %}

{#- Half width of an interval in NPS points from a squared error. -#}
{% macro half_width(squared_error) -%}
{{ z_score() }} * 100.0 * sqrt({{ squared_error }})
{%- endmacro %}

{#- One end of the interval of one NPS before it is cut at +-100: side is -1 for the lower, 1 for the upper. `scored` is the row of
    nps_score_intervals with the same counts. -#}
{% macro nps_bound(promoters, detractors, responses, scored, side) -%}
case
        when {{ responses }} > 30
            then {{ nps_adjusted(promoters, detractors, responses) }}
                + {{ side }} * {{ half_width(nps_squared_error(promoters, detractors, responses)) }}
        else {{ as_double(scored ~ ('.ci_low' if side < 0 else '.ci_high')) }}
    end
{%- endmacro %}

{% macro clip(value, low, high) -%}
case when {{ value }} < {{ low }} then {{ low }} when {{ value }} > {{ high }} then {{ high }} else {{ value }} end
{%- endmacro %}

{#- Within the scale of NPS; null stays null. -#}
{% macro clip_nps(points) -%}
{{ clip(points, '-100.0', '100.0') }}
{%- endmacro %}

{#- Share of a margin that is left when n of a population of N were asked: sqrt((N-n)/(N-1)). -#}
{% macro finite_population_correction(population, responses) -%}
case
        when {{ population }} > 1 and {{ population }} > {{ responses }}
            then sqrt({{ as_double(population ~ ' - ' ~ responses) }} / ({{ population }} - 1))
        when {{ population }} is not null then 0.0
    end
{%- endmacro %}
