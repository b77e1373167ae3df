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
