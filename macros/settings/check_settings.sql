{#- Runs before anything is built: settings that cannot give a right answer stop the run
    with one message that says what to change. -#}
{% macro check_settings() %}
    {%- if execute and flags.WHICH in ['build', 'run', 'test', 'snapshot'] -%}
        {%- do as_of_date() -%}
        {%- do check_vendor_lists() -%}
        {%- if var('reporting_timezone') not in modules.pytz.all_timezones -%}
            {%- do exceptions.raise_compiler_error(
                "reporting_timezone '" ~ var('reporting_timezone') ~ "' is no time zone: use an IANA name such as UTC or Europe/Berlin."
            ) -%}
        {%- endif -%}
        {%- for name in ['history_months', 'nps_window_days', 'min_reportable_responses'] -%}
            {%- if var(name) is not integer or var(name) < 1 -%}
                {%- do exceptions.raise_compiler_error("The variable " ~ name ~ " is '" ~ var(name) ~ "': it takes a whole number from 1.") -%}
            {%- endif -%}
        {%- endfor -%}
        {%- set coverage = var('min_role_weight_coverage') -%}
        {%- if coverage is not number or coverage < 0 or coverage > 1 -%}
            {%- do exceptions.raise_compiler_error("The variable min_role_weight_coverage is '" ~ coverage ~ "': it takes a share from 0 to 1.") -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}

{% macro check_vendor_lists() %}
    {%- set listed = [] -%}
    {%- for domain in domains() -%}
        {%- set vendors = var(domain ~ '_vendors') -%}
        {%- if vendors is string or vendors is not iterable -%}
            {%- do exceptions.raise_compiler_error("The variable " ~ domain ~ "_vendors is '" ~ vendors ~ "': it takes a list, for example [generic].") -%}
        {%- endif -%}
        {%- if domain in ['survey', 'crm'] and not vendors -%}
            {%- do exceptions.raise_compiler_error(
                domain ~ "_vendors is empty: there is no voice of the customer without answers (survey_vendors) and accounts (crm_vendors). List a vendor, or generic to bring your own tables."
            ) -%}
        {%- endif -%}
        {%- for vendor in vendors -%}{%- do listed.append(vendor) -%}{%- endfor -%}
    {%- endfor -%}
    {%- if not var('voc_demo') -%}
        {%- if not env_var('VOC_HASH_SALT', '') -%}
            {%- do exceptions.warn("VOC_HASH_SALT is not set: whoever guesses an e-mail can find its contact_key. Set it to a secret text and keep it: another salt makes other keys.") -%}
        {%- endif -%}
        {%- for vendor in listed | unique -%}{%- do check_vendor_has_landed(vendor) -%}{%- endfor -%}
    {%- endif -%}
{% endmacro %}

{% macro check_vendor_has_landed(vendor) %}
    {%- set tables = graph.sources.values() | selectattr('source_name', 'equalto', vendor) | list -%}
    {%- set found = namespace(any=false) -%}
    {%- for table in tables if not found.any -%}
        {%- if load_relation(api.Relation.create(database=table.database, schema=table.schema, identifier=table.identifier)) -%}
            {%- set found.any = true -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not found.any -%}
        {%- set lists = [] -%}
        {%- for domain in domains() if vendor in var(domain ~ '_vendors') -%}{%- do lists.append(domain ~ '_vendors') -%}{%- endfor -%}
        {%- set schema = tables[0].schema if tables else vendor -%}
        {%- do exceptions.raise_compiler_error(
            "The vendor '" ~ vendor ~ "' is listed in " ~ lists | join(', ') ~ " but the schema '" ~ schema ~ "' holds none of its tables. "
            ~ "Land at least one of: " ~ tables | map(attribute='name') | sort | join(', ') ~ "; or set " ~ vendor ~ "_schema to the schema they are in; or take '" ~ vendor ~ "' off the list."
        ) -%}
    {%- endif -%}
{% endmacro %}

{% macro domains() %}{{ return(['survey', 'crm', 'support', 'usage', 'billing', 'employee']) }}{% endmacro %}
