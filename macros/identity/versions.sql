{#- Versions of an entity (valid_from <= t < closed_at): sound versions never overlap. -#}

{#- First moment after the version: its own end, but never beyond the start of the next one;
    an end within a second of that start means the same moment (history modes end a
    millisecond early). Null while it lasts. -#}
{% macro closed_at(key) -%}
{%- set next_start -%}
lead(case when quarantine_reason is null then valid_from end) over (
            partition by {{ key }}, case when quarantine_reason is null then 1 else 0 end
            order by valid_from
        )
{%- endset -%}
case
        when {{ next_start }} is null then valid_to
        when valid_to is null or valid_to >= {{ dbt.dateadd('second', -1, next_start) }} then {{ next_start }}
        else valid_to
    end
{%- endmacro %}

{% macro version_record_id(key) -%}
{{ record_id(key_of(key, [['from ', 'valid_from']])) }}
{%- endmacro %}

{#- Join condition: the version of an entity that was valid at a moment. -#}
{% macro valid_at(version, moment) -%}
{{ version }}.valid_from <= {{ moment }} and ({{ version }}.closed_at is null or {{ moment }} < {{ version }}.closed_at)
{%- endmacro %}

{#- Join condition: the version of an entity that was valid in the last moment before a close. -#}
{% macro valid_before(version, close) -%}
{{ version }}.valid_from < {{ close }} and ({{ version }}.closed_at is null or {{ version }}.closed_at >= {{ close }})
{%- endmacro %}

{#- tells_<attribute> of a version: the vendor's history carries the attribute, some version of it says something. -#}
{% macro tells(attributes) -%}
{%- for attribute in attributes -%}
max(case when {{ attribute }} is not null then 1 else 0 end) over (partition by source_vendor) = 1 as tells_{{ attribute }},
    {%- if not loop.last %}
    {% endif -%}
{%- endfor -%}
{%- endmacro %}

{#- An attribute of an account as it was: what the version says, null where it says nothing. Today's value stands in where no version covers
    the moment, and where the history does not carry the attribute at all (no version of the vendor has it). -#}
{% macro as_then(attribute, version, current) -%}
case when {{ version }}.account_id is not null and {{ version }}.tells_{{ attribute }} then {{ version }}.{{ attribute }} else {{ current }}.{{ attribute }} end
{%- endmacro %}
