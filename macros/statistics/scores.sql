{#- Percent of maximum possible, 0 to 100, high is good on every scale (metrics: survey scales). -#}
{% macro score_pomp(score, scale_min, scale_max, higher_is_better) -%}
100.0 * case
        when {{ higher_is_better }} then {{ score }} - {{ scale_min }}
        else {{ scale_max }} - {{ score }}
    end / ({{ scale_max }} - {{ scale_min }})
{%- endmacro %}

{#- Classes of a 0 to 10 recommendation: 9-10 promoter, 7-8 passive, 0-6 detractor. -#}
{% macro nps_class(score) -%}
case when {{ score }} >= 9 then 'promoter' when {{ score }} >= 7 then 'passive' when {{ score }} >= 0 then 'detractor' end
{%- endmacro %}
