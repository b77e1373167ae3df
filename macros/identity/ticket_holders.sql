{#- Who a rating of a ticket is about: whom the row names, else who held the ticket at that moment by its log, else who holds it now.
    rows: with agent_ref, team_ref and ticket_ref. -#}
{% macro ticket_holder_joins(rows, moment) -%}
left join {{ ref('int_support__tickets') }} as tickets on {{ rows }}.ticket_ref = tickets.ticket_id
    {%- for holder in ['agents', 'teams'] %}
    left join {{ ref('int_support__ticket_holders') }} as {{ holder }}_then
        on
            tickets.source_vendor = {{ holder }}_then.source_vendor
            and tickets.ticket_id = {{ holder }}_then.ticket_id
            and {{ holder }}_then.holder_type = '{{ 'assignee' if holder == 'agents' else 'team' }}'
            and {{ valid_at(holder ~ '_then', rows ~ '.' ~ moment) }}
    {%- endfor %}
    {{ match_team_joins(rows ~ '.team_ref') }}
{%- endmacro %}

{% macro rated_agent(rows) -%}
case
            when {{ rows }}.agent_ref is not null then {{ rows }}.agent_ref
            when agents_then.ticket_id is not null then agents_then.agent_id
            else tickets.agent_id
        end
{%- endmacro %}

{% macro rated_team() -%}
case
            when {{ matched_team() }} is not null then {{ matched_team() }}
            when teams_then.ticket_id is not null then teams_then.team_id
            else tickets.team_id
        end
{%- endmacro %}

{% macro rated_team_as_of() -%}
case
            when {{ matched_team() }} is not null then 'answer'
            when teams_then.ticket_id is not null then 'history'
            when tickets.team_id is not null then 'current'
        end
{%- endmacro %}
