{#- What dbt's own Spark adapter does otherwise than the other engines, or not at all. -#}

{#- A time plus some parts: dbt's stops at null and forgets fractions of a second. -#}
{% macro spark__dateadd(datepart, interval, from_date_or_timestamp) %}
    {{ return("timestampadd(" ~ datepart ~ ", cast(" ~ interval ~ " as bigint), " ~ from_date_or_timestamp ~ ")") }}
{% endmacro %}

{#- Days between two days: dbt's stops at null. -#}
{% macro spark__datediff(first_date, second_date, datepart) %}
    {{ return(
        "datediff(" ~ second_date ~ ", " ~ first_date ~ ")" if datepart == 'day'
        else dbt.spark__datediff(first_date, second_date, datepart)
    ) }}
{% endmacro %}

{#- dbt's does not know the names of types in contracts. -#}
{% macro spark__cast(field, type) %}cast({{ field }} as {{ sql_type(type) }}){% endmacro %}

{#- dbt's fills a statement with values as they are: an apostrophe ends the text, an empty field is the text None. Texts that each
    column reads once are also quicker to plan than a cast in every cell. -#}
{% macro spark__load_csv_rows(model, agate_table) %}
    {%- set types = model['config'].get('column_types', {}) -%}
    {%- set names, casts = [], [] -%}
    {%- for column in agate_table.column_names -%}
        {%- do names.append("c" ~ loop.index) -%}
        {%- do casts.append("cast(c" ~ loop.index ~ " as " ~ types.get(column, adapter.convert_type(agate_table, loop.index0)) ~ ")") -%}
    {%- endfor -%}
    {%- set statements = [] -%}
    {%- for chunk in agate_table.rows | batch(get_batch_size()) -%}
        {%- set rows = [] -%}
        {%- for row in chunk -%}
            {%- set fields = [] -%}
            {%- for value in row -%}
                {%- do fields.append('null' if value is none else text_literal(value | string)) -%}
            {%- endfor -%}
            {%- do rows.append("(" ~ fields | join(", ") ~ ")") -%}
        {%- endfor -%}
        {%- do statements.append(
            "insert into " ~ this ~ " select " ~ casts | join(", ") ~ " from values\n" ~ rows | join(",\n") ~ "\nas landed (" ~ names | join(", ") ~ ")"
        ) -%}
        {%- do adapter.add_query(statements[-1], abridge_sql_log=True) -%}
    {%- endfor -%}
    {{ return(statements | first | default('')) }}
{% endmacro %}

{#- The strategy delete+insert for file formats without a delete. -#}
{% macro dbt_spark_validate_get_incremental_strategy(raw_strategy, file_format) %}
    {{ return(
        raw_strategy if raw_strategy == 'delete+insert'
        else dbt.dbt_spark_validate_get_incremental_strategy(raw_strategy, file_format)
    ) }}
{% endmacro %}

{% macro dbt_spark_get_incremental_sql(strategy, source, target, existing, unique_key, incremental_predicates) %}
    {%- if strategy != 'delete+insert' or not unique_key -%}
        {%- set known = 'append' if strategy == 'delete+insert' else strategy -%}
        {{ return(dbt.dbt_spark_get_incremental_sql(known, source, target, existing, unique_key, incremental_predicates)) }}
    {%- endif -%}
    {%- set keys = [unique_key] if unique_key is string else unique_key -%}
    {%- set same_key = [] -%}
    {%- for key in keys -%}{%- do same_key.append("kept." ~ key ~ " = fresh." ~ key) -%}{%- endfor -%}
    {%- set spared = [] -%}
    {%- for predicate in incremental_predicates or [] -%}{%- do spared.append(" or not coalesce(" ~ predicate ~ ", false)") -%}{%- endfor -%}
    {%- set columns = adapter.get_columns_in_relation(target) | map(attribute='quoted') | join(', ') -%}
    {%- set statements = written_anew(
        target,
        "select " ~ columns ~ " from " ~ target ~ " as kept where not exists (select 1 from " ~ source ~ " as fresh where "
        ~ same_key | join(' and ') ~ ")" ~ spared | join ~ " union all select " ~ columns ~ " from " ~ source
    ) -%}
    {%- for text in statements[:-1] -%}{%- do run_query(text) -%}{%- endfor -%}
    {{ return(statements[-1]) }}
{% endmacro %}

{#- Parquet keeps no constraints; data tests hold them. -#}
{% macro spark__persist_constraints(relation, model) %}
    {%- if config.get('file_format') == 'delta' -%}{{ dbt.spark__persist_constraints(relation, model) }}{%- endif -%}
{% endmacro %}

{% macro spark__file_format_clause() %}using {{ config.get('file_format', 'parquet') }}{% endmacro %}
