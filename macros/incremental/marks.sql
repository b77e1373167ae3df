{#- What makes an event of a ticket, and what of the ticket it is judged by. -#}

{% macro event_mark() %}
    {{ return(row_mark([
        'event_id', 'event_type', 'occurred_at', 'actor_id', 'actor_type', 'is_public', 'is_automated', 'value', 'loaded_at', 'parse_errors',
    ])) }}
{% endmacro %}

{% macro ticket_mark() %}{{ return(row_mark(['created_at', 'created_second', 'requester_ref'])) }}{% endmacro %}
