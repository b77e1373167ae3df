{#- A share of counts as a double; null without cases. -#}
{% macro share_of(successes, cases) -%}
{{ as_double(successes) }} / nullif({{ cases }}, 0)
{%- endmacro %}

{#- Aggregate: share of the rows with a flag whose flag is true; null when none has one. -#}
{% macro share_true(flag) -%}
{{ pooled_share_true([flag]) }}
{%- endmacro %}

{#- The same over several flags of a row: every one that is set counts once. -#}
{% macro pooled_share_true(flags) -%}
    {%- set met, decided = [], [] -%}
    {%- for flag in flags -%}
        {%- do met.append("count(case when " ~ flag ~ " then 1 end)") -%}
        {%- do decided.append("count(" ~ flag ~ ")") -%}
    {%- endfor -%}
{{ share_of(met | join(' + '), decided | join(' + ')) }}
{%- endmacro %}

{#- Aggregate: mean of doubles, over decimals so that the order of the rows does not matter. -#}
{% macro exact_mean(expression) -%}
{{ as_double("sum(" ~ exact(expression) ~ ")") }} / nullif(count({{ expression }}), 0)
{%- endmacro %}
