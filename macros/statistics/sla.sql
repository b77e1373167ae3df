{#- Aggregate over tickets (columns is_first_reply_sla_met, is_resolution_sla_met): targets met /
    targets decided, both kinds together. A target that still runs is null and counts in neither.
    `when`: a condition that limits the tickets. -#}
{% macro sla_attainment(when='true') -%}
    {%- set flags = [] -%}
    {%- for flag in ['is_first_reply_sla_met', 'is_resolution_sla_met'] -%}
        {%- do flags.append(flag if when == 'true' else "case when " ~ when ~ " then " ~ flag ~ " end") -%}
    {%- endfor -%}
{{ pooled_share_true(flags) }}
{%- endmacro %}

{#- The words tools have for a severity, as one of low, normal, high and urgent; any other word stays. -#}
{% macro usual_severity(word) -%}
case
            when {{ word }} in ('critical', 'blocker', 'highest', 'emergency', 'p1', 'sev1', 'sev 1', '1') then 'urgent'
            when {{ word }} in ('major', 'p2', 'sev2', 'sev 2', '2') then 'high'
            when {{ word }} in ('medium', 'moderate', 'p3', 'sev3', 'sev 3', '3') then 'normal'
            when {{ word }} in ('minor', 'lowest', 'trivial', 'p4', 'sev4', 'sev 4', '4') then 'low'
            else {{ word }}
        end
{%- endmacro %}
