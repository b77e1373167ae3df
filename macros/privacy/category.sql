{#- A category out of a text field: what is longer than a category, or holds an address or a number to call, is text that somebody
    wrote, and stands as `other`. Texts of people stop before the marts. -#}
{% macro category(text) -%}
case
        when length({{ text }}) > 60 or {{ matches(text, '@|[0-9][0-9 ()/.-]{5,}[0-9]') }} then 'other'
        else nullif({{ trimmed(text) }}, '')
    end
{%- endmacro %}
