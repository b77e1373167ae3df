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
coalesce({{ embedded_values(names) | join(', ') }})
{%- endmacro %}

{#- The same of the values after it, in the order of the names, one a line. -#}
{% macro qualtrics_other_values(names) -%}
{%- set all_values = "coalesce(chr(10) || " ~ embedded_values(names) | join(", '') || coalesce(chr(10) || ") ~ ", '')" -%}
nullif(substring({{ all_values }}, length({{ qualtrics_embedded_value(names) }}) + 3), '')
{%- endmacro %}

{% macro embedded_values(names) %}
    {%- set values = [] -%}
    {%- for name in names -%}{%- do values.append("max(case when field_name = '" ~ name ~ "' then field_value end)") -%}{%- endfor -%}
    {{ return(values) }}
{% endmacro %}

{#- SQL: the nth key of other_account_ref, which has one a line; none is ''. -#}
{% macro other_account_key(other_account_ref, number) %}
    {{ return(dbt.split_part(other_account_ref ~ ' || ' ~ (['chr(10)'] * number) | join(' || '), 'chr(10)', number)) }}
{% endmacro %}

{#- As many keys as an answer can carry beside the first. -#}
{% macro other_account_keys() %}{{ return(3) }}{% endmacro %}
