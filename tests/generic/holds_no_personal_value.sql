{#- No text column of the model holds what looks like an e-mail or a telephone number; an id may be digits alone. One scan; a row a kind
    of finding. -#}
{% test holds_no_personal_value(model) %}
{%- set findings = [] %}
{%- if execute %}
    {%- for column in relation_columns(model) if is_text_type(column.dtype) %}
        {%- do findings.append("case when " ~ looks_personal(adapter.quote(column.name), not (column.name | lower).endswith('id')) ~ " then " ~ text_literal(column.name) ~ " end") %}
    {%- endfor %}
{%- endif %}
select columns_with_personal_values, count(*) as rows_with_them
from (select {{ comma_list(findings or ['null']) }} as columns_with_personal_values from {{ model }}) as found
where columns_with_personal_values is not null
group by columns_with_personal_values
{% endtest %}
