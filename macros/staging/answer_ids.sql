{#- Ids of answers that two staging models of a vendor have to give alike: the score and the words of one answer. -#}

{#- Loop and matrix rows are questions of their own. -#}
{% macro qualtrics_question_id(answer) -%}
{{ field(answer, 'question_id', required=true) }}
        || coalesce('#' || {{ field(answer, 'loop_id') }}, '')
        || coalesce('_' || {{ field(answer, 'sub_question_key') }}, '')
{%- endmacro %}

{% macro zendesk_response_id() -%}
case when survey_id = 'satisfaction_rating' then survey_key else survey_key || '-' || question_id end
{%- endmacro %}

{#- The event, or who answered which poll when. -#}
{% macro pendo_answer_id(poll_event) -%}
coalesce(
            {{ field(poll_event, ['event_id', '_fivetran_id']) }},
            {{ field(poll_event, 'poll_id') }} || '|' || {{ field(poll_event, 'visitor_id') }} || '|'
            || cast({{ field(poll_event, ['timestamp', 'browser_timestamp', 'browser_time'], 'timestamp') }} as {{ dbt.type_string() }})
        )
{%- endmacro %}

{#- Aggregate over the embedded data of a session (field_name, field_value): the value of the first of these names that it has. -#}
{% macro qualtrics_embedded_value(names) -%}
    {%- set values = [] -%}
    {%- for name in names -%}{%- do values.append("max(case when field_name = '" ~ name ~ "' then field_value end)") -%}{%- endfor -%}
coalesce({{ values | join(', ') }})
{%- endmacro %}
