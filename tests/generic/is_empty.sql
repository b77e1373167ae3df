{#- The model lists findings: there are none. -#}
{% test is_empty(model) %}
select * from {{ model }}
{% endtest %}
