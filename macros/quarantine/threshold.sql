{#- Pre-hook of every mart, and of what remembers one run in the next: it does nothing but wait for
    int_audit__over_threshold. What says why a run stopped waits for nothing. -#}
{% macro wait_for_threshold() %}
    {%- if model.name not in ['quarantined_records', 'quarantine_by_day', 'landed_tables', 'run_history'] -%}
        {%- do ref('int_audit__over_threshold') -%}
    {%- endif -%}
{% endmacro %}

{#- Post-hook of int_audit__over_threshold. -#}
{% macro stop_on_too_many_set_aside() %}
    {%- if execute -%}
        {%- set found = run_query(
            'select source_vendor, source_name, entity, set_aside_records, landed_records, reasons from ' ~ this ~ ' order by 1, 2, 3'
        ) -%}
        {%- if found.rows | length > 0 -%}
            {%- set lines = [] -%}
            {%- for row in found.rows -%}
                {%- do lines.append('  ' ~ row[0] ~ ', ' ~ row[1] ~ '.' ~ row[2] ~ ': ' ~ row[3] | int ~ ' of ' ~ row[4] | int ~ ' rows (' ~ row[5] ~ ')') -%}
            {%- endfor -%}
            {%- do exceptions.raise_compiler_error(
                "Too many landed rows were set aside; the marts were left as they were:\n" ~ lines | join('\n')
                ~ "\nquarantined_records names each row and its reason. Mend the source and run again; if it is meant to be so, raise the"
                ~ " variable quarantine_threshold (a key <domain>.<entity> raises it for one entity)."
            ) -%}
        {%- endif -%}
    {%- endif -%}
    select 1 as few_rows_are_set_aside
{% endmacro %}
