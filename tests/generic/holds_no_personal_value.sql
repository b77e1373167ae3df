{#- No text column of the model holds what looks like an e-mail or a telephone number. One scan; a row a kind of finding. -#}
{% test holds_no_personal_value(model) %}
{%- set texts = [] %}
{%- if execute %}
    {%- for column in adapter.get_columns_in_relation(model) if is_text_type(column.dtype) %}{% do texts.append(adapter.quote(column.name)) %}{% endfor %}
{%- endif %}
select columns_with_personal_values, count(*) as rows_with_them
from (
    select
        concat_ws(', ', ''
            {%- for text in texts %},
            case when {{ looks_personal(text) }} then '{{ text }}' end
            {%- endfor %}
        ) as columns_with_personal_values
    from {{ model }}
) as found
where columns_with_personal_values <> ''
group by columns_with_personal_values
{% endtest %}
