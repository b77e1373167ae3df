{#- Runs before anything is built: a setting or a vendor that cannot give a right answer stops
    the run with one message that says what to change. -#}
{% macro check_settings() %}
    {%- if execute and flags.WHICH in ['build', 'run', 'test', 'snapshot'] -%}
        {%- do contact_salt() -%}
        {%- do check_schema_prefix() -%}
        {%- do check_names(invocation_args_dict.get('vars') or {}) -%}
        {%- for name, kind in known_settings().items() if name != 'offline_incremental' -%}{%- do check_setting(name, kind) -%}{%- endfor -%}
        {%- set listed = [] -%}
        {%- for domain in domains() -%}{%- do listed.extend(vendors(domain)) -%}{%- endfor -%}
        {%- for table in var('landed_aliases') -%}
            {%- if not landed_sources() | selectattr('source_name', 'equalto', table.split('__')[0]) | selectattr('name', 'equalto', table.split('__')[-1]) | list -%}
                {%- do exceptions.raise_compiler_error(
                    "landed_aliases names " ~ table ~ ", which no vendor lands: write <vendor>__<table>, for example generic__accounts."
                ) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- for vendor in var('landed_day_order') -%}
            {%- do day_order(vendor) -%}
            {%- if not landed_sources() | selectattr('source_name', 'equalto', vendor) | list -%}
                {%- do exceptions.raise_compiler_error("landed_day_order names " ~ vendor ~ ", which lands nothing: write a vendor, for example generic.") -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if not var('voc_demo') -%}
            {%- for vendor in listed | unique -%}{%- do check_vendor_has_landed(vendor) -%}{%- endfor -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}

{#- Capitals are kept in quotes and folded without on PostgreSQL, folded everywhere on Spark. -#}
{% macro check_schema_prefix() %}
    {%- set prefix = env_var('VOC_SCHEMA_PREFIX', '') -%}
    {%- if prefix and not modules.re.fullmatch('[a-z][a-z0-9_]*', prefix) -%}
        {%- do exceptions.raise_compiler_error(
            "VOC_SCHEMA_PREFIX is '" ~ prefix ~ "': it takes small letters, digits and underscores, a letter first, for engines differ in what "
            ~ "they make of others."
        ) -%}
    {%- endif -%}
{% endmacro %}

{#- A variable that nobody reads is a mistyped one. Of those in dbt_project.yml only voc_cli sees the names; a project that this one is
    installed into has variables of its own. -#}
{% macro check_names(given) %}
    {%- if project_name != own_project() -%}{{ return('') }}{%- endif -%}
    {%- set known = known_settings().keys() | list -%}
    {%- for source in landed_sources() if source.source_name ~ '_schema' not in known -%}{%- do known.append(source.source_name ~ '_schema') -%}{%- endfor -%}
    {%- for name in given if name not in known -%}
        {%- do exceptions.raise_compiler_error("There is no variable '" ~ name ~ "'. The variables are: " ~ known | sort | join(', ') ~ ".") -%}
    {%- endfor -%}
{% endmacro %}

{% macro check_setting(name, kind) %}
    {%- if kind == 'date' -%}{%- do as_of_date() -%}
    {%- elif kind == 'time_zone' -%}{%- do time_zone() -%}
    {%- elif kind == 'currency' -%}{%- do reporting_currency() -%}
    {%- elif kind == 'vendors' -%}{%- do vendors(name.removesuffix('_vendors')) -%}
    {%- elif kind == 'number_of_people' -%}{%- do anonymity_min_n() -%}
    {%- elif kind == 'share' -%}{%- do share(name) -%}
    {%- elif kind == 'threshold' -%}{%- do threshold(name) -%}
    {%- elif kind == 'whole_number' or kind == 'whole_number_or_none' and var(name) is not none -%}{%- do whole_number(name) -%}
    {%- elif kind == 'flag' and var(name) is not boolean -%}
        {%- do exceptions.raise_compiler_error("The variable " ~ name ~ " is '" ~ var(name) ~ "': it takes true or false.") -%}
    {%- elif kind is not string -%}
        {%- for key in kind -%}{%- do whole_number_of(name, key) -%}{%- endfor -%}
    {%- endif -%}
{% endmacro %}

{% macro check_vendor_has_landed(vendor) %}
    {%- set tables = landed_sources() | selectattr('source_name', 'equalto', vendor) | list -%}
    {%- set found = namespace(any=false) -%}
    {%- for table in tables if not found.any -%}
        {%- if found_relation(relation_of(table)) -%}
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
