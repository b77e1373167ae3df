{#- Role-weighted account NPS: the only place where SQL weighting is written. Each macro is an
    aggregate over the roles of one account that are in its weight scheme; columns: role_weight,
    role_nps (null: silent), ci_low, ci_high. Decimals make sums independent of row
    order. -#}

{#- Weight of the roles that answered; 0 when none did. -#}
{% macro role_weight_coverage() -%}
sum(case when role_nps is not null then {{ exact('role_weight') }} else 0 end)
{%- endmacro %}

{#- sum(w * nps) over the roles that answered, before renormalisation. -#}
{% macro weighted_sum(value, power=1) -%}
{{ as_double("sum(case when role_nps is not null then " ~ exact(
    as_double("role_weight") ~ (" * " ~ as_double("role_weight") if power == 2 else "") ~ " * (" ~ value ~ ")"
) ~ " end)") }}
{%- endmacro %}

{#- Mean of role NPS by renormalised weight: users cannot outvote the buyer by number. -#}
{% macro role_weighted_mean(value) -%}
{{ weighted_sum(value) }} / nullif({{ as_double(role_weight_coverage()) }}, 0)
{%- endmacro %}

{#- How far an end of its interval is from that mean: the roles' own intervals give back their variances (MOVER, Zou and
    Donner 2008), sqrt(sum(w'^2 * (nps - end)^2)), w' renormalised. -#}
{% macro role_weighted_distance(end) -%}
sqrt({{ weighted_sum('(role_nps - ' ~ end ~ ') * (role_nps - ' ~ end ~ ')', power=2) }})
        / nullif({{ as_double(role_weight_coverage()) }}, 0)
{%- endmacro %}

{#- The score if every silent role answered at one end of the scale. -#}
{% macro role_weighted_bound(silent_nps) -%}
{{ as_double("coalesce(sum(" ~ exact(as_double("role_weight") ~ " * coalesce(role_nps, " ~ silent_nps ~ ")") ~ "), 0)") }}
    / nullif({{ as_double("sum(" ~ exact("role_weight") ~ ")") }}, 0)
{%- endmacro %}

{#- Alternative: every respondent weighs as much as the role, so many users outvote a buyer. -#}
{% macro respondent_weighted_nps() -%}
100.0 * {{ as_double("sum(" ~ exact(as_double("role_weight") ~ " * (promoters - detractors)") ~ ")") }}
        / nullif({{ as_double("sum(" ~ exact(as_double("role_weight") ~ " * responses") ~ ")") }}, 0)
{%- endmacro %}

{#- true when one of the scores is above zero and another below, after exact rounding. -#}
{% macro signs_disagree(scores) -%}
    {%- set rounded = [] -%}
    {%- for score in scores -%}{%- do rounded.append(six_decimals(score)) -%}{%- endfor -%}
coalesce(({{ rounded | join(' > 0 or ') }} > 0) and ({{ rounded | join(' < 0 or ') }} < 0), false)
{%- endmacro %}
