{#- A text as a literal. -#}
{% macro text_literal(text) %}{{ return(adapter.dispatch('text_literal')(text)) }}{% endmacro %}

{% macro default__text_literal(text) %}{{ return("'" ~ text | replace("'", "''") ~ "'") }}{% endmacro %}

{#- To Spark, as to the cloud warehouses, a backslash is the beginning of an escape. -#}
{% macro spark__text_literal(text) %}
    {{ return("'" ~ text | replace('\\', '\\\\') | replace("'", "\\'") ~ "'") }}
{% endmacro %}

{% macro snowflake__text_literal(text) %}{{ return(spark__text_literal(text)) }}{% endmacro %}

{% macro bigquery__text_literal(text) %}{{ return(spark__text_literal(text)) }}{% endmacro %}

{% macro redshift__text_literal(text) %}{{ return(spark__text_literal(text)) }}{% endmacro %}
