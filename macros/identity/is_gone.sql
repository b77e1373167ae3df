{#- The contact has left by as_of_date; a leaver without a date has left. -#}
{% macro is_gone(contacts) -%}
(coalesce({{ contacts }}.has_left, false) or {{ contacts }}.left_at is not null)
    and coalesce({{ reporting_date(contacts ~ '.left_at') }} <= {{ as_of_date_sql() }}, true)
{%- endmacro %}
