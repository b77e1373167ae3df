{#- Who is asked. What is not plainly a survey of customers is one of employees: in doubt nothing of it is public. -#}
{% macro customer_families() %}{{ return(['relationship', 'transactional']) }}{% endmacro %}

{#- Whether a family, in lower case, is one of customers; null where none is named. -#}
{% macro is_of_customers(family) %}{{ return(family ~ " in ('" ~ customer_families() | join("', '") ~ "')") }}{% endmacro %}

{#- The family that is named, in lower case, else the one that its metric stands for. -#}
{% macro family_of(named, metric) -%}
coalesce(
        {{ named }},
        case {{ metric }}
            when 'nps' then 'relationship'
            when 'csat' then 'transactional'
            when 'ces' then 'transactional'
            when 'engagement' then 'employee'
        end
    )
{%- endmacro %}
