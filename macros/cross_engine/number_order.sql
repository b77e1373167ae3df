{#- Columns to order texts such as question ids by: their first numbers as numbers (QID2 before QID10, QID1#2 before QID1#10), a
    text with fewer numbers first, then the text. -#}
{% macro number_order(text, numbers=3) %}
    {%- set columns, rest = [], namespace(text=text) -%}
    {%- for nth in range(numbers) -%}
        {%- set rest.text = replace_pattern(rest.text, '^[^0-9]+', '') -%}
        {%- do columns.append(try_to_double(replace_pattern(rest.text, '[^0-9].*$', '')) ~ ' nulls first') -%}
        {%- set rest.text = replace_pattern(rest.text, '^[0-9]+', '') -%}
    {%- endfor -%}
    {{ return(columns + [text ~ ' nulls first']) }}
{% endmacro %}
