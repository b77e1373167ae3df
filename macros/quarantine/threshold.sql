{#- Pre-hook of every mart, and of what remembers one run in the next: it does nothing but wait for
    int_trust__quarantine_counts. What says why a run stopped waits for nothing. -#}
{% macro wait_for_threshold() %}
    {%- if model.name not in ['quarantined_records', 'run_history'] -%}
        {%- do ref('int_trust__quarantine_counts') -%}
    {%- endif -%}
{% endmacro %}

{#- Post-hook of int_trust__quarantine_counts. Rows after as_of_date are no mistake: a run for a day
    gone by has many. -#}
{% macro stop_on_too_many_set_aside() %}
    {%- if execute -%}
        {%- set found = run_query(entities_over_threshold(this)) -%}
        {%- if found.rows | length > 0 -%}
            {%- set lines = [] -%}
            {%- for row in found.rows -%}
                {%- do lines.append('  ' ~ row[0] ~ ', ' ~ row[1] ~ '.' ~ row[2] ~ ': ' ~ row[3] ~ ' of ' ~ row[4] ~ ' rows (' ~ row[5] ~ ')') -%}
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

{% macro entities_over_threshold(counts) -%}
    {%- set limits = threshold('quarantine_threshold') -%}
select
    source_vendor,
    source_name,
    entity,
    cast(sum(case when reason is not null then records else 0 end) as bigint) as set_aside,
    cast(sum(records) as bigint) as landed,
    {{ sorted_list("reason || ' ' || cast(records as " ~ dbt.type_string() ~ ")") }} as reasons
from {{ counts }}
where reason is null or reason <> 'after_as_of_date'
group by source_vendor, source_name, entity
having
    sum(records) >= {{ limits['rows'] }}
    and sum(case when reason is not null then records else 0 end) > {{ share_limit('quarantine_threshold', "source_name || '.' || entity") }} * sum(records)
order by source_vendor, source_name, entity
{%- endmacro %}
