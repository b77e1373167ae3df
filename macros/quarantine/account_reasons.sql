{#- Rules for a row whose reference to an account leads nowhere: two accounts claim the key (it is known, and names neither), none
    has it, or, where an account is needed, the row names none. reference: what the row says; key and account_id: of the row of
    int_crm__account_keys that it met. -#}
{% macro account_reasons(reference, key, account_id, is_needed=false) %}
    {%- set rules = [
        ['ambiguous_account', key ~ ' is not null and ' ~ account_id ~ ' is null'],
        ['unknown_account', reference ~ ' is not null and ' ~ account_id ~ ' is null'],
    ] -%}
    {{ return(rules + ([['no_account', account_id ~ ' is null']] if is_needed else [])) }}
{% endmacro %}
