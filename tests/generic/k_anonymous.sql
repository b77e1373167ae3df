{#- Every group of the columns, among the rows of employees (condition), has anonymity_min_n people or more. -#}
{% test k_anonymous(model, people, groups, condition) %}
{{ config(tags=['k_anonymity']) }}
select {{ groups | join(', ') }}, count(distinct {{ people }}) as people
from {{ model }}
where {{ condition }}
group by {{ groups | join(', ') }}
having count(distinct {{ people }}) < {{ whole_number('anonymity_min_n') }}
{% endtest %}
