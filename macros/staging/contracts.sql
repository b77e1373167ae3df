{#- The columns of int_<domain>__<entity>_unioned in its yml ARE the domain contract. A column
    with meta hash_of is the keyed hash of a personal column that stops at staging; models that
    have one are tables, for a view would show the key of the hash in its definition. A column with meta unless gives way to the
    column `instead` where it would name a person. -#}

{#- Every listed vendor's staging model, column by column. A domain without vendors has
    zero typed rows. -#}
{% macro union_vendors(domain, entity) %}
    {%- set columns = model.columns.values() | rejectattr('name', 'equalto', 'source_vendor') | list -%}
    {%- for vendor in vendors(domain) %}
{{ 'union all\n' if not loop.first }}select
    cast('{{ vendor }}' as {{ sql_type('string') }}) as source_vendor,
    {%- for column in columns %}
    {{ contract_value(column) }}{{ ',' if not loop.last }}
    {%- endfor %}
from {{ ref('stg_' ~ vendor ~ '__' ~ entity) }}
    {% else %}
{{ no_rows(model.columns.values()) }}
    {% endfor %}
{%- endmacro %}

{#- A contract column as it is taken from staging. What cannot be read may say that the column names a person. -#}
{% macro contract_value(column) -%}
    {%- set personal, unless = column.config.meta.get('hash_of'), column.config.meta.get('unless') -%}
    {%- if unless -%}
        case when coalesce({{ unless }}, {{ is_unread(unless) }}, false) then {{ column.config.meta['instead'] }} else {{ bounded(column.name) }} end as {{ column.name }}
    {%- elif personal -%}
        {{ contact_key(normalised_email(personal)) }} as {{ column.name }}
    {%- elif is_text_type(column.data_type) and not column.config.meta.get('contains_pii') -%}
        {{ bounded(column.name) }} as {{ column.name }}
    {%- else -%}
        {{ column.name }}
    {%- endif -%}
{%- endmacro %}

{#- Ids, names and categories are short, unlike what people write: of a longer text the beginning
    is kept, with a fingerprint, so that two long ids stay two. -#}
{% macro bounded(text) -%}
case when length({{ text }}) > 1000 then substring({{ text }}, 1, 200) || ' ... ' || {{ dbt.hash(text) }} else {{ text }} end
{%- endmacro %}

{#- A staging model whose landed table is the contract itself: the generic vendor. -#}
{% macro stage_contract(domain, entity) %}
    {%- set landed = landed('generic', entity, in_demo=domain == 'employee') %}
    {%- if execute %}
    {%- set names = contract_columns(domain, entity) | map(attribute='name') | list %}
select
    {%- for column in contract_columns(domain, entity) if column.name not in ['source_vendor', 'loaded_at', 'parse_errors', 'landed_mark', 'landed_rows', 'surplus_events', 'copied_events', 'is_grouped'] %}
    {{ is_deleted(landed) if column.name == 'is_deleted' else field(landed, column.name, 'score' if column.is_score else column.data_type, required=column.required) }} as {{ column.name }},
    {%- endfor %}
    {{ loaded_at(landed) }} as loaded_at,
    {{ parse_errors(landed, names=dict(zip(names, names))) }} as parse_errors
    {%- if 'landed_mark' in names %},
    cast({{ landed_mark(landed) }} as {{ sql_type('bigint') }}) as landed_mark,
    cast(1 as {{ sql_type('bigint') }}) as landed_rows,
    cast(0 as {{ sql_type('bigint') }}) as surplus_events,
    cast(0 as {{ sql_type('bigint') }}) as copied_events,
    false as is_grouped
    {%- endif %}
from {{ landed_from(landed) }}
where
    {{ live_rows(landed, keep_deleted='is_deleted' in names or is_definition(domain, entity)) }}
    {%- else %}
select 1 as parsed
    {%- endif %}
{%- endmacro %}

{#- Records vanish when they are deleted, definitions do not: they still say what the records of then meant. Meta is_definition of the contract. -#}
{% macro is_definition(domain, entity) %}
    {{ return(contract(domain, entity).config.meta.get('is_definition', false)) }}
{% endmacro %}

{% macro contract(domain, entity) %}{{ return(own_model('int_' ~ domain ~ '__' ~ entity ~ '_unioned')) }}{% endmacro %}

{#- A staging model for an entity that the vendor does not have. -#}
{% macro stage_nothing(domain, entity) %}
    {%- if execute %}
{{ no_rows(contract_columns(domain, entity) | rejectattr('name', 'equalto', 'source_vendor')) }}
    {%- else %}
select 1 as parsed
    {%- endif %}
{%- endmacro %}

{#- The columns a staging model of the entity has: the contract with personal columns unhashed. -#}
{% macro contract_columns(domain, entity) %}
    {%- set staged = [] -%}
    {%- for column in contract(domain, entity).columns.values() -%}
        {%- set meta = column.config.meta -%}
        {%- do staged.append({
            'name': meta.get('hash_of', column.name),
            'data_type': column.data_type,
            'required': meta.get('required', false),
            'is_score': meta.get('is_score', false),
        }) -%}
    {%- endfor -%}
    {{ return(staged) }}
{% endmacro %}

{% macro no_rows(columns) -%}
select
    {%- for column in columns %}
    cast(null as {{ sql_type(column.data_type) }}) as {{ column.name }}{{ ',' if not loop.last }}
    {%- endfor %}
from (select 1 as nothing) as nothing
where 1 = 0
{%- endmacro %}
