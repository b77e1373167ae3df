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

{#- The NPS answer of somebody who was a detractor and is none any more; null without an answer. -#}
{% macro is_recovered(score) -%}
{{ nps_class(score) }} <> 'detractor'
{%- endmacro %}

{#- An answer that asks for a call back. NPS: a detractor. CES: the worst third of the scale, 1-3 of 7 and 4-5 of 5 where low is
    good. CSAT: more than one step outside the top box, 1-2 of 5; on a scale without a step between (good or bad), outside it.
    Columns: metric, nps_class, raw_score, scale_min, scale_max, top_box_from, higher_is_better, score_pomp. -#}
{% macro is_low_score(answers) -%}
    {%- set answer = answers ~ '.' -%}
case {{ answer }}metric
        when 'nps' then {{ answer }}nps_class = 'detractor'
        when 'ces' then {{ six_decimals('3.0 * ' ~ answer ~ 'score_pomp') }} <= 100
        when 'csat' then
            case
                when {{ answer }}higher_is_better and {{ answer }}top_box_from - 1 > {{ answer }}scale_min
                    then {{ answer }}raw_score < {{ answer }}top_box_from - 1
                when {{ answer }}higher_is_better then {{ answer }}raw_score < {{ answer }}top_box_from
                when {{ answer }}top_box_from + 1 < {{ answer }}scale_max then {{ answer }}raw_score > {{ answer }}top_box_from + 1
                else {{ answer }}raw_score > {{ answer }}top_box_from
            end
    end
{%- endmacro %}
