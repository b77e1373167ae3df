{#- Keyed hash of a person's normalised e-mail or id: hash(salt, hash(salt, value)), the salt
    from the environment, so that a key cannot be looked up without it. -#}
{% macro contact_key(value) %}
    {%- set salt = "'" ~ contact_salt() | replace("'", "''") ~ "'" -%}
    {{ return("substring(" ~ sha256(salt ~ " || " ~ sha256(salt ~ " || " ~ value)) ~ ", 1, 32)") }}
{% endmacro %}

{% macro contact_salt() %}
    {{ return(env_var('VOC_HASH_SALT', '') or ('voc-demo' if var('voc_demo') else 'voc-unsalted')) }}
{% endmacro %}

{#- A person's mail as the same text everywhere. -#}
{% macro normalised_email(email) %}{{ return("lower(" ~ trimmed(email) ~ ")") }}{% endmacro %}

{% macro sha256(text) %}{{ return(adapter.dispatch('sha256')(text)) }}{% endmacro %}

{% macro default__sha256(text) %}{{ return("sha256(" ~ text ~ ")") }}{% endmacro %}

{% macro postgres__sha256(text) %}{{ return("encode(sha256(convert_to(" ~ text ~ ", 'UTF8')), 'hex')") }}{% endmacro %}

{% macro spark__sha256(text) %}{{ return("sha2(" ~ text ~ ", 256)") }}{% endmacro %}
