{#- Keyed hash of a person's normalised e-mail or id: hash(salt, hash(salt, value)), the salt
    from the environment, so that a key cannot be looked up without it. -#}
{% macro contact_key(value) %}
    {%- set salt = "'" ~ contact_salt() | replace("'", "''") ~ "'" -%}
    {{ return("substring(" ~ sha256(salt ~ " || " ~ sha256(salt ~ " || " ~ value)) ~ ", 1, 32)") }}
{% endmacro %}

{#- The salt from the environment: without one whoever guesses an e-mail would find its key. The demo,
    whose people are made up, has one of its own. -#}
{% macro contact_salt() %}
    {%- set salt = env_var('VOC_HASH_SALT', '') -%}
    {%- if execute and (salt or not var('voc_demo')) and salt | length < 16 -%}
        {%- do exceptions.raise_compiler_error(
            "VOC_HASH_SALT is " ~ ("only " ~ salt | length ~ " characters long" if salt else "not set")
            ~ ": people would be known by keys that anybody can guess. Set it to a secret of at least 16 characters and keep it, "
            ~ "for another salt makes other keys. To make one: python -c \"import secrets; print(secrets.token_hex(32))\""
        ) -%}
    {%- endif -%}
    {{ return(salt or 'voc-demo') }}
{% endmacro %}

{#- A person's mail as the same text everywhere. -#}
{% macro normalised_email(email) %}{{ return(fold_case(trimmed(email))) }}{% endmacro %}
