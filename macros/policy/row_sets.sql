{#- Dated seeds are versioned by row sets: all rows of a key with one valid_from. The latest set
    counts, from its valid_from (inclusive) to its valid_before (exclusive). -#}
{% macro row_sets(seed, key=none) -%}
select
        {{ key ~ ',\n        ' if key }}valid_from,
        lead(valid_from) over ({{ 'partition by ' ~ key ~ ' ' if key }}order by valid_from) as valid_before
    from (select distinct {{ key ~ ', ' if key }}valid_from from {{ seed }}) as set_dates
{%- endmacro %}

{#- Join condition: the row set that counts on a day. -#}
{% macro counts_on(row_set, day) -%}
{{ row_set }}.valid_from <= {{ day }} and ({{ row_set }}.valid_before is null or {{ day }} < {{ row_set }}.valid_before)
{%- endmacro %}

{#- The row sets that count for each scorecard on each of some days: those of the CTEs
    scorecard_sets and signal_sets. A scorecard without signals of its own uses those of default. -#}
{% macro scorecards_in_force(days, day) -%}
select
        days.{{ day }},
        scorecard_sets.scorecard,
        scorecard_sets.valid_from as scorecard_from,
        coalesce(own_signals.scorecard, 'default') as signals_of,
        coalesce(own_signals.valid_from, default_signals.valid_from) as signals_from
    from {{ days }} as days
    inner join scorecard_sets on {{ counts_on('scorecard_sets', 'days.' ~ day) }}
    left join signal_sets as own_signals
        on scorecard_sets.scorecard = own_signals.scorecard and {{ counts_on('own_signals', 'days.' ~ day) }}
    left join signal_sets as default_signals
        on default_signals.scorecard = 'default' and {{ counts_on('default_signals', 'days.' ~ day) }}
{%- endmacro %}

{#- The fields of a row as one text, the same on every engine. -#}
{% macro spelled(fields, numbers=[]) %}
    {%- set texts = [] -%}
    {%- for field in fields -%}
        {%- do texts.append("coalesce(cast(" ~ field ~ " as " ~ dbt.type_string() ~ "), '')") -%}
    {%- endfor -%}
    {%- for number in numbers -%}
        {%- do texts.append("coalesce(" ~ spelled_number(number) ~ ", '')") -%}
    {%- endfor -%}
    {{ return(texts | join(" || ':' || ")) }}
{% endmacro %}

{#- With 12 decimals, nought without. -#}
{% macro spelled_number(number) %}
    {{ return("case when " ~ number ~ " = 0 then '0' else " ~ decimal_text(number) ~ " end") }}
{% endmacro %}
