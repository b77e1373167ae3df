{#- Aggregate: Pearson r of two columns that are distances from their means already; null where one of them never moves. -#}
{% macro correlation_of(first, second) -%}
    {%- set products = as_double('sum(' ~ exact(first ~ ' * ' ~ second) ~ ')') -%}
    {%- set first_squares = as_double('sum(' ~ exact(first ~ ' * ' ~ first) ~ ')') -%}
    {%- set second_squares = as_double('sum(' ~ exact(second ~ ' * ' ~ second) ~ ')') -%}
case
            when {{ first_squares }} > 0 and {{ second_squares }} > 0
                then {{ twelve_decimals(clip('(' ~ products ~ ' / sqrt(' ~ first_squares ~ ' * ' ~ second_squares ~ '))', '-1.0', '1.0')) }}
        end
{%- endmacro %}
