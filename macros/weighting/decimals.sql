{#- What the weighting of NPS and of health shares: sums over decimals, which do not depend on the
    order of rows, and comparisons of numbers with 6 decimals: 59.99999999999999 is 60. -#}

{% macro exact(expression) -%}
cast({{ expression }} as {{ sql_type('numeric(28, 12)') }})
{%- endmacro %}

{% macro six_decimals(score) -%}
cast({{ score }} as numeric(18, 6))
{%- endmacro %}

{#- What is shown but not compared: the middle of 0.2 and 0.8 scores 50, not 49.99999999999999. -#}
{% macro twelve_decimals(points) -%}
{{ as_double(exact(points)) }}
{%- endmacro %}

{#- A coverage of exactly the minimum is enough; the minimum is a variable that holds a share. -#}
{% macro coverage_is_enough(coverage, minimum) -%}
{{ six_decimals(coverage) }} >= {{ share(minimum) }}
{%- endmacro %}

{#- Aggregate: every account that pays and has a score weighs as much as its recurring revenue. The
    division may miss an end of the scale by one bit. -#}
{% macro revenue_weighted(arr, score, low, high) -%}
    {%- set counts = "case when " ~ arr ~ " > 0 and " ~ score ~ " is not null then " -%}
    {%- set weighted = as_double("sum(" ~ counts ~ exact(arr ~ " * " ~ score) ~ " end)") -%}
    {%- set revenue = as_double("sum(" ~ counts ~ arr ~ " end)") -%}
{{ clip("(" ~ weighted ~ " / " ~ revenue ~ ")", low, high) }}
{%- endmacro %}
