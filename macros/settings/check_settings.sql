{#- Runs before anything is built: a setting or a vendor that cannot give a right answer stops
    the run with one message that says what to change. -#}
{% macro check_settings() %}
    {%- if execute and flags.WHICH in ['build', 'run', 'test', 'snapshot'] -%}
        {%- do contact_salt() -%}
        {%- do as_of_date() -%}
        {%- do time_zone() -%}
        {%- do reporting_currency() -%}
        {%- do share('min_role_weight_coverage') -%}
        {%- for name in [
            'history_months', 'nps_window_days', 'min_reportable_responses', 'first_contact_resolution_days', 'repeat_contact_days',
            'follow_up_sla_hours', 'closure_sla_days', 'recovery_days', 'closed_loop_window_days', 'root_cause_target_days',
            'anonymity_min_n', 'lead_lag_months', 'retention_months',
        ] -%}
            {%- do whole_number(name) -%}
        {%- endfor -%}
        {%- do usage_lookback_days() -%}
        {%- do share('min_score_coverage') -%}
        {%- for key in [
            'usage', 'tickets', 'ticket_baseline', 'effort', 'qbr_pulse', 'payment_timeliness', 'seat_change',
            'first_contact_resolution', 'sla_attainment',
        ] -%}
            {%- do signal_window(key) -%}
        {%- endfor -%}
        {%- for domain in news_domains() -%}{%- do stale_after(domain) -%}{%- do volume_window(domain) -%}{%- endfor -%}
        {%- do threshold('quarantine_threshold') -%}
        {%- do threshold('volume_threshold') -%}
        {%- set listed = [] -%}
        {%- for domain in domains() -%}{%- do listed.extend(vendors(domain)) -%}{%- endfor -%}
        {%- for table in var('landed_aliases') -%}
            {%- if not graph.sources.values() | selectattr('source_name', 'equalto', table.split('__')[0]) | selectattr('name', 'equalto', table.split('__')[-1]) | list -%}
                {%- do exceptions.raise_compiler_error(
                    "landed_aliases names " ~ table ~ ", which no vendor lands: write <vendor>__<table>, for example generic__accounts."
                ) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if not var('voc_demo') -%}
            {%- for vendor in listed | unique -%}{%- do check_vendor_has_landed(vendor) -%}{%- endfor -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}

{% macro check_vendor_has_landed(vendor) %}
    {%- set tables = graph.sources.values() | selectattr('source_name', 'equalto', vendor) | list -%}
    {%- set found = namespace(any=false) -%}
    {%- for table in tables if not found.any -%}
        {%- if load_relation(relation_of(table)) -%}
            {%- set found.any = true -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not found.any -%}
        {%- set lists = [] -%}
        {%- for domain in domains() if vendor in vendors(domain) -%}{%- do lists.append(domain ~ '_vendors') -%}{%- endfor -%}
        {%- set schema = tables[0].schema if tables else vendor -%}
        {%- do exceptions.raise_compiler_error(
            "The vendor '" ~ vendor ~ "' is listed in " ~ lists | join(', ') ~ " but the schema '" ~ schema ~ "' holds none of its tables. "
            ~ "Land at least one of: " ~ tables | map(attribute='name') | sort | join(', ') ~ "; or set " ~ vendor
            ~ "_schema to the schema they are in; or take '" ~ vendor ~ "' off the list."
        ) -%}
    {%- endif -%}
{% endmacro %}
