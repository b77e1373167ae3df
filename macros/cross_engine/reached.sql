{#- CTE `reached`: what is in the CTE `from_rows` and all that the CTE `links` leads to from there, over any number of steps.
    Columns: request (from whom), person_kind,
    person_hash; of links other_kind and other_hash instead of the first. -#}
{% macro reached(from_rows, links) %}{{ return(adapter.dispatch('reached')(from_rows, links)) }}{% endmacro %}

{% macro default__reached(from_rows, links) -%}
reached as (

    select
        request,
        person_kind,
        person_hash
    from {{ from_rows }}
    where person_hash is not null

    union distinct

    select
        reached.request,
        {{ links }}.other_kind as person_kind,
        {{ links }}.other_hash as person_hash
    from reached
    inner join {{ links }} on reached.person_kind = {{ links }}.person_kind and reached.person_hash = {{ links }}.person_hash

)
{%- endmacro %}

{#- Spark's recursion cannot leave out what it has seen, so the steps are written out: 16, more than links of people have. -#}
{% macro spark__reached(from_rows, links) -%}
{%- set steps = 16 -%}
reached_0 as (

    select
        request,
        person_kind,
        person_hash
    from {{ from_rows }}
    where person_hash is not null

),

moves as (

    select * from {{ links }}
    union distinct
    select person_kind, person_hash, person_kind as other_kind, person_hash as other_hash from reached_0
    union distinct
    select other_kind as person_kind, other_hash as person_hash, other_kind, other_hash from {{ links }}

),
{% for step in range(1, steps + 1) %}
{{ 'reached' if step == steps else 'reached_' ~ step }} as (

    select distinct
        found.request,
        moves.other_kind as person_kind,
        moves.other_hash as person_hash
    from reached_{{ step - 1 }} as found
    inner join moves on found.person_kind = moves.person_kind and found.person_hash = moves.person_hash

){{ ',' if step < steps }}
{% endfor %}
{%- endmacro %}
