{#- Hash of a text, in hexadecimal digits. -#}
{% macro sha256(text) %}{{ return(adapter.dispatch('sha256')(text)) }}{% endmacro %}

{% macro default__sha256(text) %}{{ return("sha256(" ~ text ~ ")") }}{% endmacro %}

{% macro postgres__sha256(text) %}{{ return("encode(sha256(convert_to(" ~ text ~ ", 'UTF8')), 'hex')") }}{% endmacro %}

{% macro spark__sha256(text) %}{{ return("sha2(" ~ text ~ ", 256)") }}{% endmacro %}

{% macro snowflake__sha256(text) %}{{ return(spark__sha256(text)) }}{% endmacro %}

{% macro redshift__sha256(text) %}{{ return(spark__sha256(text)) }}{% endmacro %}

{% macro bigquery__sha256(text) %}{{ return("to_hex(sha256(" ~ text ~ "))") }}{% endmacro %}
