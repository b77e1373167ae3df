{#- run_history: what ran, on what, with which policy, and how it ended. The hooks of dbt_project.yml
    write it; a run that was killed has no end, and the next one says so. -#}

{% macro is_recorded_run() %}{{ return(execute and flags.WHICH in ['build', 'run']) }}{% endmacro %}

{% macro run_history() %}
    {{ return(load_relation(relation_of(own_model('run_history')))) }}
{% endmacro %}

{#- Some statements in a transaction of their own: hooks and operations have none that is sure to be committed. -#}
{% macro write_at_once(statements) %}{%- do adapter.dispatch('write_at_once')(statements) -%}{% endmacro %}

{% macro default__write_at_once(statements) %}
    {%- for text in statements -%}
        {%- call statement(auto_begin=true) -%}{{ text }}{%- endcall -%}
    {%- endfor -%}
    {%- do adapter.commit() -%}
{% endmacro %}

{#- dbt ends transactions by the text COMMIT, of which its driver takes no note: it sends no BEGIN after it, and each statement would be a
    transaction. So the transaction is said in full, in one message: a server that got it runs it to the end or not at all. -#}
{% macro postgres__write_at_once(statements) %}
    {%- call statement(auto_begin=false) -%}
begin;
{{ statements | join(';\n') }};
commit;
    {%- endcall -%}
{% endmacro %}

{% macro redshift__write_at_once(statements) %}{%- do default__write_at_once(statements) -%}{% endmacro %}

{% macro record_run_start() %}
    {%- set history = run_history() if is_recorded_run() -%}
    {%- if history -%}
        {%- do write_at_once(update_rows(history, {adapter.quote('run_status'): "'interrupted'"}, adapter.quote('run_status') ~ " = 'running'") + [
            "insert into " ~ history ~ " (run_id, run_status, command, target_name, as_of_date, started_at) select '" ~ invocation_id
            ~ "', 'running', '" ~ flags.WHICH ~ "', '" ~ target.name ~ "', " ~ as_of_date_sql() ~ ", " ~ run_time(run_started_at),
        ]) -%}
    {%- endif -%}
{% endmacro %}

{#- What rows break is noted before it fails the run: what failed is not published, not even later. -#}
{% macro end_run(results) %}
    {%- if execute -%}
        {%- set broken = broken_rules(results) -%}
        {%- set errors = broken | rejectattr('is_warning') | list -%}
        {%- for rule in broken if rule.is_warning -%}{%- do exceptions.warn(rule.rows ~ " rows break " ~ rule.name) -%}{%- endfor -%}
        {%- do record_run_end(results, errors) -%}
        {%- if errors -%}
            {%- set said = [] -%}
            {%- for rule in errors[:10] -%}{%- do said.append(rule.name ~ " (" ~ rule.rows ~ ")") -%}{%- endfor -%}
            {%- do exceptions.raise_compiler_error(
                "Rows or keys break " ~ (errors | length) ~ " rules: " ~ said | join(', ') ~ (" and more" if errors | length > 10)
                ~ ". `dbt test --store-failures --select " ~ errors[0].name ~ "` keeps the rows of the first in a table."
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}

{% macro record_run_end(results, broken) %}
    {%- set history = run_history() if is_recorded_run() -%}
    {%- if history -%}
        {%- do write_at_once(delete_rows(history, "run_id = '" ~ invocation_id ~ "'") + [run_row(history, results, broken)]) -%}
    {%- endif -%}
{% endmacro %}

{% macro run_row(history, results, broken) %}
    {%- set models = graph.nodes.values() | selectattr('resource_type', 'equalto', 'model')
        | selectattr('package_name', 'equalto', own_project()) | map(attribute='unique_id') | list -%}
    {%- set built = results | selectattr('status', 'equalto', 'success') | map(attribute='node.unique_id') | select('in', models) | list -%}
    {%- set failed = results | selectattr('status', 'in', ['error', 'fail', 'runtime error']) | list + broken -%}
    {%- set finished_at = modules.datetime.datetime.now(modules.pytz.utc) -%}
    {%- set counts = own_model('int_audit__quarantine_counts') -%}
    {%- set has_counts = counts.unique_id in built -%}
    {%- set rows = {
        'rows_in': 'sum(records)',
        'rows_out': 'sum(case when reason is null then records else 0 end)',
        'rows_quarantined': 'sum(case when reason is not null then records else 0 end)',
    } -%}
insert into {{ history }} (
    run_id, run_status, command, target_name, as_of_date, policy_versions, {{ rows.keys() | join(', ') }}, models_built, nodes_failed,
    duration_seconds, is_whole_project, is_full_refresh, started_at, finished_at
)
select
    '{{ invocation_id }}',
    '{{ 'failed' if failed else 'success' }}',
    '{{ flags.WHICH }}',
    '{{ target.name }}',
    {{ as_of_date_sql() }},
    {{ text_literal(tojson(policy_versions())) }},
    {%- for sum in rows.values() %}
    cast({{ sum if has_counts else 'null' }} as bigint),
    {%- endfor %}
    {{ built | length }},
    {{ failed | length }},
    cast({{ (finished_at - run_started_at).total_seconds() }} as {{ sql_type('double precision') }}),
    {{ built | length == models | length }},
    {{ flags.FULL_REFRESH | default(false, true) }},
    {{ run_time(run_started_at) }},
    {{ run_time(finished_at) }}
{%- if has_counts %}
from {{ relation_of(counts) }}
-- attributes are a second look at rows that are counted
where entity not like '%#_attributes' escape '#'
{%- endif %}
{% endmacro %}

{#- Policy seed -> the first digits of its fingerprint: another one is another policy. -#}
{% macro policy_versions() %}
    {%- set versions = {} -%}
    {%- for seed in graph.nodes.values() | selectattr('resource_type', 'equalto', 'seed') | sort(attribute='name') if 'policy' in seed.fqn -%}
        {%- do versions.update({seed.name: seed.checksum.checksum[:12]}) -%}
    {%- endfor -%}
    {{ return(versions) }}
{% endmacro %}

{% macro run_time(moment) -%}
    cast('{{ moment.strftime('%Y-%m-%d %H:%M:%S.%f') }}' as {{ dbt.type_timestamp() }})
{%- endmacro %}
