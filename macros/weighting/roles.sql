{#- Title or CRM role text made comparable: lower case, punctuation to single spaces. Semicolons
    stay: they part the values of a multi-select field. -#}
{% macro role_words(text) %}
    {%- set punctuation = "[ \t\n\r!\"#$%&'()*+,./:<=>?@\\[\\]^_`{|}~\u00a0\u2002-\u200a\u202f\u3000–—‘’“”«»·•\\\\-]+" -%}
    {{ return("trim(" ~ replace_pattern(fold_case(text), punctuation, " ") ~ ")") }}
{% endmacro %}

{#- Does the rule (match_type, pattern) match the text? Both are role_words. A word rule never
    matches inside a word: cto does not match director. -#}
{% macro role_rule_matches(match_type, pattern, text) -%}
case {{ match_type }}
            when 'contains' then {{ dbt.position(pattern, text) }} > 0
            when 'word' then {{ dbt.position("' ' || " ~ pattern ~ " || ' '", "' ' || " ~ dbt.replace(text, "';'", "' ; '") ~ " || ' '") }} > 0
            when 'equals' then {{ dbt.position("';' || " ~ pattern ~ " || ';'", "';' || " ~ dbt.replace(dbt.replace(text, "'; '", "';'"), "' ;'", "';'") ~ " || ';'") }} > 0
        end
{%- endmacro %}
