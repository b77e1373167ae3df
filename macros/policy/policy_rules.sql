{#- Select list of one rule in int_policy__*_violations: which file, which row, what is wrong.
    {column} in a text is replaced by the column's value, (empty) where it has none. -#}
{% macro policy_rule(seed, row_name, problem) -%}
select
    'seeds/policy/{{ seed }}.csv' as file_name,
    {{ filled_text(row_name) }} as policy_row,
    {{ filled_text(problem) }} as problem
{%- endmacro %}

{% macro filled_text(text) -%}
    {%- set parts = [] -%}
    {%- for part in modules.re.split('[{}]', text) -%}
        {%- if loop.index0 % 2 -%}
            {%- do parts.append("coalesce(cast(" ~ part ~ " as " ~ dbt.type_string() ~ "), '(empty)')") -%}
        {%- elif part -%}
            {%- do parts.append("'" ~ part ~ "'") -%}
        {%- endif -%}
    {%- endfor -%}
{{ parts | join(' || ') }}
{%- endmacro %}

{% macro stop_on_policy_violations() %}
    {%- if execute -%}
        {%- set found = run_query('select file_name, policy_row, problem from ' ~ this ~ ' order by 1, 2, 3') -%}
        {%- if found.rows | length > 0 -%}
            {%- set lines = [] -%}
            {%- for row in found.rows -%}
                {%- do lines.append('  ' ~ row[0] ~ ', ' ~ row[1] ~ ': ' ~ row[2] ~ '.') -%}
            {%- endfor -%}
            {%- do exceptions.raise_compiler_error(
                'The policy seeds break ' ~ lines | length ~ ' rule(s); nothing was built on them. Mend and run again:\n' ~ lines | join('\n')
            ) -%}
        {%- endif -%}
    {%- endif -%}
    select 1 as policy_is_sound
{% endmacro %}
