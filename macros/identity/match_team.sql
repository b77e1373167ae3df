{#- A team named by any of its keys: an id of any tool, or its name in whatever case. Every row is kept. -#}
{% macro match_team_joins(team_ref) -%}
{%- set keys = ref('int_employee__team_keys') -%}
left join {{ keys }} as team_by_key on {{ team_ref }} = team_by_key.team_key
    left join {{ keys }} as team_by_name on {{ fold_case("trim(" ~ team_ref ~ ")") }} = team_by_name.team_key
{%- endmacro %}

{% macro matched_team() -%}
coalesce(team_by_key.team_id, team_by_name.team_id)
{%- endmacro %}
