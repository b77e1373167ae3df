{#- The smallest and the largest of some values; what is null does not count. -#}
{% macro smallest(values) %}{{ return(adapter.dispatch('smallest')(values)) }}{% endmacro %}

{% macro default__smallest(values) %}{{ return("least(" ~ values | join(', ') ~ ")") }}{% endmacro %}

{% macro snowflake__smallest(values) %}{{ return("least_ignore_nulls(" ~ values | join(', ') ~ ")") }}{% endmacro %}

{% macro bigquery__smallest(values) %}{{ return("(select min(value) from unnest([" ~ values | join(', ') ~ "]) as value)") }}{% endmacro %}

{% macro largest(values) %}{{ return(adapter.dispatch('largest')(values)) }}{% endmacro %}

{% macro default__largest(values) %}{{ return("greatest(" ~ values | join(', ') ~ ")") }}{% endmacro %}

{% macro snowflake__largest(values) %}{{ return("greatest_ignore_nulls(" ~ values | join(', ') ~ ")") }}{% endmacro %}

{% macro bigquery__largest(values) %}{{ return("(select max(value) from unnest([" ~ values | join(', ') ~ "]) as value)") }}{% endmacro %}
