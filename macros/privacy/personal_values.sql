{#- Condition: the text holds what looks like an e-mail, or a telephone number as people write them: with + and the country, with the 0
    of an area, or in the three groups of North America. Dates and times are left out first, for they are digits in groups too.
    No pattern is asked of a text without an @, or too short for any such number: of most ids that is half the work. -#}
{% macro looks_personal(text) -%}
({{ text }} like '%@%' and {{ matches(text, '[A-Za-z0-9._%+-]@[A-Za-z0-9-]+[.][A-Za-z]') }} or length({{ text }}) >= 8 and {{ matches(
        replace_pattern(text, '[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9:.]+)?|[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{4}', ''),
        '(^|[ "(:,;|])([+][0-9][0-9 ()./-]{6,}[0-9]|[(]?0[0-9]{1,4}[)]?[ /-][0-9 /-]{4,}[0-9]|[(]?[2-9][0-9]{2}[)]?[ .-][0-9]{3}[ .-][0-9]{4})'
    ) }})
{%- endmacro %}
