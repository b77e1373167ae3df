{#- Condition: the text holds what looks like an e-mail, or a telephone number as people write them: with + or 00 and the country, with
    the 0 of an area, or in the three groups of North America. Dates and times are left out first, for they are digits in groups too.
    No pattern is asked of a text without an @, or too short for any such number: of most ids that is half the work.
    bare_numbers: whether digits alone are one too (01511234567); an id of a tool may be such a number. -#}
{% macro looks_personal(text, bare_numbers=true) -%}
    {%- set bare = '(00[1-9][0-9]{7,13}|0[1-9][0-9]{8,11})([^0-9A-Za-z_-]|$)|' if bare_numbers else '' -%}
({{ text }} like '%@%' and {{ matches(text, '[^ @",:;<>(){}]@[^ @",:;<>(){}.]+[.][^ @",:;<>(){}.0-9]') }} or length({{ text }}) >= 8 and {{ matches(
        replace_pattern(text, '[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9:.]+)?|[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{4}', ''),
        '(^|[ "(:,;|])(' ~ bare ~ '[+][0-9][0-9 ()./-]{6,}[0-9]|[(]0[0-9]{1,4}[)][ /-]?[0-9 /-]{4,}[0-9]|0[0-9]{1,4}[ /-][0-9 /-]{4,}[0-9]'
        ~ '|[(][2-9][0-9]{2}[)][ .-]?[0-9]{3}[ .-][0-9]{4}|[2-9][0-9]{2}[ .-][0-9]{3}[ .-][0-9]{4})'
    ) }})
{%- endmacro %}
