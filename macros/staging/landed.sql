{#- A landed table as it is, not as we wish it: what exists is looked up, what does not
    becomes typed nulls (column) or zero rows (table). In the demo the table is a seed. -#}

{#- Staging models of a vendor that no list names are not built. -#}
{% macro is_listed(domain, vendor) %}
    {{ return(vendor in vendors(domain)) }}
{% endmacro %}

{#- in_demo=false: a table the demo does not land. Every staging model waits for the policy
    check, so that a broken policy stops the run before any mart is touched, and for whom it may not show. -#}
{% macro landed(vendor, table, in_demo=true) %}
    {%- do ref('int_policy__violations') -%}
    {%- do ref('int_privacy__erased_people') -%}
    {{ return(landed_table(vendor, table, in_demo)) }}
{% endmacro %}

{% macro landed_table(vendor, table, in_demo=true) %}
    {%- if not var('voc_demo') -%}
        {%- set named = source(vendor, table) -%}
        {%- set relation = spelled_as_stored(named) if execute else named -%}
    {%- elif in_demo -%}
        {%- set relation = ref(vendor ~ '__' ~ table) -%}
    {%- endif -%}
    {%- set columns = landed_columns(relation) if relation else none -%}
    {{ return({'vendor': vendor, 'table': table, 'relation': relation, 'exists': columns is not none, 'columns': columns or [], 'asked': []}) }}
{% endmacro %}

{#- Columns of a relation, none where it does not exist. Unit tests cannot introspect:
    they override this macro. -#}
{% macro landed_columns(relation) %}
    {%- if execute -%}
        {%- set found = found_relation(relation) -%}
        {%- if found -%}
            {{ return(relation_columns(found)) }}
        {%- endif -%}
    {%- endif -%}
    {{ return(none) }}
{% endmacro %}

{#- The landed column for one of our names: an alias set by the user, else the first of the
    names that landed, whatever its case, or else its underscores (account_id = AccountId). -#}
{% macro landed_column(landed, names) %}
    {%- set wanted = [names] if names is string else names -%}
    {%- set alias = var('landed_aliases').get(landed.vendor ~ '__' ~ landed.table, {}).get(wanted[0]) -%}
    {%- for name in ([alias] if alias else wanted) -%}
        {%- for ignored in ['', '_'] -%}
            {%- for column in landed.columns -%}
                {%- if column.name | lower | replace(ignored, '') == name | lower | replace(ignored, '') -%}
                    {{ return(column) }}
                {%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if landed.exists and is_offline() -%}
        {{ return(api.Column(alias or wanted[0], sql_type('string'))) }}
    {%- elif alias and landed.exists -%}
        {%- do exceptions.raise_compiler_error(
            "landed_aliases says that " ~ wanted[0] ~ " of " ~ landed.vendor ~ "__" ~ landed.table ~ " is the column " ~ alias
            ~ ", but " ~ landed.relation ~ " has no such column."
        ) -%}
    {%- endif -%}
    {{ return(none) }}
{% endmacro %}

{% macro quoted_columns(landed) %}
    {%- set names = [] -%}
    {%- for column in landed.columns -%}{%- do names.append(quoted_column(column)) -%}{%- endfor -%}
    {{ return(names) }}
{% endmacro %}

{#- Whatever the name holds, the engine's own quotes too. -#}
{% macro quoted_column(column) %}
    {%- set mark = adapter.quote(column.name)[0] -%}
    {{ return(adapter.quote(column.name | replace(mark, mark ~ mark))) }}
{% endmacro %}

{#- One typed field. required: a table without this column cannot be read at all. What a model asks for it is told of in parse_errors. -#}
{% macro field(landed, names, type='string', required=false) %}
    {%- set column = landed_column(landed, names) -%}
    {%- if column and type != 'string' and 'asked' in landed and (column.name, type) not in landed.asked -%}
        {%- do landed.asked.append((column.name, type)) -%}
    {%- endif -%}
    {{ return(quiet_field(landed, names, type, required)) }}
{% endmacro %}

{#- The same of what is no field of the record: marks of the loader, parts of a key. -#}
{% macro quiet_field(landed, names, type='string', required=false) %}
    {%- set column = landed_column(landed, names) -%}
    {%- set wanted = 'double precision' if type == 'score' else type -%}
    {%- if column and not is_readable(column.dtype, type) -%}
        {%- do exceptions.raise_compiler_error(
            "The landed column " ~ column.name ~ " of " ~ landed.relation ~ " is of type " ~ column.dtype ~ ", which cannot be read as "
            ~ wanted ~ ". Land it as " ~ wanted ~ " or as text, or cast it in a view and land that."
        ) -%}
    {%- elif column -%}
        {{ return(read_as(landed, column, type)) }}
    {%- elif required and landed.exists -%}
        {%- set name = names if names is string else names[0] -%}
        {%- do exceptions.raise_compiler_error(
            "The landed table " ~ landed.relation ~ " has no column " ~ name ~ ", which " ~ model.name ~ " cannot do without. "
            ~ "Land it, name your column for it in landed_aliases: {" ~ landed.vendor ~ "__" ~ landed.table ~ ": {" ~ name ~ ": your_column}}, "
            ~ "or take '" ~ landed.vendor ~ "' off the vendor list."
        ) -%}
    {%- else -%}
        {{ return('cast(null as ' ~ sql_type(type) ~ ')') }}
    {%- endif -%}
{% endmacro %}

{#- SQL of one landed column as a contract type. What reads a text as a time is long, and the same for all columns of a type: it is put
    together once a table. -#}
{% macro read_as(landed, column, type) %}
    {%- set reads, key = landed.setdefault('reads', {}), column.dtype ~ ' as ' ~ type -%}
    {%- if key not in reads -%}
        {%- do reads.update({key: to_type('{column}', column.dtype, type, day_order(landed.vendor))}) -%}
    {%- endif -%}
    {{ return(reads[key] | replace('{column}', quoted_column(column))) }}
{% endmacro %}

{#- Fields whose landed text could not be read as its type, each as name=text, comma separated; null when all could. Of a column that is
    personal, and of a text that looks like a mail, the name alone. Costs nothing where text and decimals landed in their type. The fields are those that the model asked for above: so it stands last in its select. names: what
    a field is called in the contract, where a rule goes by that. conditions: booleans that only the where clause reads. -#}
{% macro parse_errors(landed, names={}, conditions=[]) %}
    {%- set called, fields, checks = {}, landed.asked | list, [] -%}
    {%- for name, contract_name in names.items() if landed_column(landed, name) -%}
        {%- do called.update({landed_column(landed, name).name: contract_name}) -%}
    {%- endfor -%}
    {%- for name in conditions + deleted_flags() + ['_fivetran_active'] -%}
        {%- set column = landed_column(landed, name) -%}
        {%- if column and (column.name, 'boolean') not in fields -%}{%- do fields.append((column.name, 'boolean')) -%}{%- endif -%}
    {%- endfor -%}
    {%- set personal = personal_columns(landed) | map(attribute='name') | list -%}
    {%- for name, type in fields -%}
        {%- set column = landed.columns | selectattr('name', 'equalto', name) | first -%}
        {%- if is_text_type(column.dtype) or is_number_type(column.dtype) and not always_fits(column.dtype, type) -%}
            {%- set text = read_as(landed, column, 'string') -%}
            {%- set called_here = called.get(name, name | lower | replace("'", "''")) -%}
            {%- set is_unread = upper_code(text) ~ " <> 'NAN' and " ~ read_as(landed, column, type) ~ " is null" -%}
            {%- set shown = "'" ~ called_here ~ "=' || substring(" ~ replace_pattern(text, '[=,\\x00-\\x1f]', ' ') ~ ", 1, 40)" -%}
            {%- do checks.append(
                "case when " ~ is_unread ~ " then '" ~ called_here ~ "' end" if name in personal
                else "case when " ~ is_unread ~ " then case when " ~ text ~ " like '%@%' then '" ~ called_here ~ "' else " ~ shown ~ " end end"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if checks -%}
        {{ comma_list(checks) }}
    {%- else -%}
        cast(null as {{ sql_type('string') }})
    {%- endif -%}
{% endmacro %}

{#- SQL: the names alone of what parse_errors tells. -#}
{% macro unread_fields(parse_errors) %}{{ return(replace_pattern(parse_errors, '=[^,]*', '')) }}{% endmacro %}

{#- SQL: parse_errors names the field; null where it names none. -#}
{% macro is_unread(field_name) %}{{ return("',' || " ~ unread_fields('parse_errors') ~ " || ',' like '%," ~ field_name ~ ",%'") }}{% endmacro %}

{#- Texts of a row one after the other, without those that are null; null where all are. -#}
{% macro comma_list(texts) -%}
nullif(substring(coalesce(',' || {{ texts | join(", '') || coalesce(',' || ") }}, ''), 2), '')
{%- endmacro %}

{#- A from clause that a missing table does not break, that shows nobody erased, and of a record that was deleted no older copy; goes
    with live_rows(). newest: one copy of each record, for tables that are looked things up in or added up. A record of the domain itself
    comes with all its copies: the *_checked models set them aside. -#}
{% macro landed_from(landed, newest=false) -%}
    {%- if not execute -%}
        {{ landed.relation }} as landed
    {%- elif landed.exists -%}
        {%- set rows = without_deleted_copies(landed, without_erased(landed, ref('int_privacy__erased_people'))) -%}
        {{ newest_copies(landed, rows) if newest else rows }} as landed
    {%- else -%}
        (select 1 as missing_table) as landed
    {%- endif -%}
{%- endmacro %}

{#- The columns that name a record of a landed table: meta key in the yml of its source, else its id. Unit tests see no graph: they
    override this macro, or have no copies. -#}
{% macro key_columns(landed) %}
    {%- if graph.sources is not defined -%}{{ return([]) }}{%- endif -%}
    {{ return(own_source(landed.vendor, landed.table).config.meta.get('key', ['id'])) }}
{% endmacro %}

{#- SQL: the key of a landed row as one text, of the columns of it that landed; null where the first is. none: no column of it landed. -#}
{% macro landed_key(landed) %}
    {%- set parts = [] -%}
    {%- for names in key_columns(landed) if landed_column(landed, names) -%}{%- do parts.append(field(landed, names)) -%}{%- endfor -%}
    {%- set key = namespace(text=parts[0] if parts else none) -%}
    {%- for part in parts[1:] -%}{%- set key.text = key.text ~ " || '|' || coalesce(" ~ part ~ ", '')" -%}{%- endfor -%}
    {{ return(key.text) }}
{% endmacro %}

{#- SQL: how new a copy of a record is: when it was loaded, or else when the tool last changed it. -#}
{% macro copied_at(landed) %}
    {{ return(
        "coalesce(" ~ quiet_field(landed, loader_columns(), 'timestamp') ~ ", "
        ~ quiet_field(landed, ['system_modstamp', 'last_modified_date', 'last_updated_at', 'updated_at'], 'timestamp') ~ ")"
    ) }}
{% endmacro %}

{#- Copies are ranked before deletions are left out: a loader that appends lands a deletion as one more copy, and the copies before it
    are gone with it. The deleted copy itself stays, for those who keep what is deleted. Of two copies of one moment the deleted one is newer. -#}
{% macro without_deleted_copies(landed, rows) %}
    {%- set key = landed_key(landed) -%}
    {%- if key is none or is_deleted(landed) | trim == 'false' -%}{{ return(rows) }}{%- endif -%}
    {%- set deletions =
        "(select " ~ key ~ " as deleted_key, max(" ~ copied_at(landed) ~ ") as newest_deletion from " ~ rows ~ " as landed where " ~ is_deleted(landed)
        ~ " group by 1)"
    -%}
    {{ return(
        "(select landed.* from " ~ rows ~ " as landed left join " ~ deletions ~ " as deletions on " ~ key ~ " = deletions.deleted_key"
        ~ " where deletions.deleted_key is null or " ~ copied_at(landed) ~ " > deletions.newest_deletion or " ~ is_deleted(landed) ~ ")"
    ) }}
{% endmacro %}

{#- One copy of each record: the one loaded last, of versions that begin and were loaded at one moment the one that lasts longest (the
    others were replaced as they began), then in the order of all that landed, so that it is always the same. A row without a key is no
    copy of another. -#}
{% macro newest_copies(landed, rows) %}
    {%- set key = landed_key(landed) -%}
    {%- if key is none -%}{{ return(rows) }}{%- endif -%}
    {%- set order = [copied_at(landed) ~ ' desc nulls last'] -%}
    {%- if landed_column(landed, '_fivetran_end') -%}
        {%- do order.append(quiet_field(landed, '_fivetran_end', 'timestamp') ~ ' desc nulls first') -%}
    {%- endif -%}
    {%- for column in landed.columns if is_readable(column.dtype, 'string') -%}
        {%- do order.append(byte_order('cast(' ~ quoted_column(column) ~ ' as ' ~ sql_type('string') ~ ')') ~ ' nulls last') -%}
    {%- endfor -%}
    {{ return(
        "(select * from (select landed.*, " ~ key ~ " as record_key, row_number() over (partition by " ~ key ~ " order by " ~ order | join(', ')
        ~ ") as nth_copy from " ~ rows ~ " as landed) as copies where record_key is null or nth_copy = 1)"
    ) }}
{% endmacro %}

{#- Columns by which loaders mark a row as deleted. -#}
{% macro deleted_flags() %}{{ return(['_fivetran_deleted', '_airbyte_deleted', 'is_deleted']) }}{% endmacro %}

{#- True where the loader marks the row as deleted: for rows that stay, flagged, so that what names them does not look lost. -#}
{% macro is_deleted(landed) -%}
    {%- set conditions = [] -%}
    {%- for flag in deleted_flags() if landed_column(landed, flag) -%}
        {%- do conditions.append('coalesce(' ~ quiet_field(landed, flag, 'boolean') ~ ', false)') -%}
    {%- endfor -%}
    {{ conditions | join(' or ') if conditions else 'false' }}
{%- endmacro %}

{#- Condition: rows the connector has not marked as deleted or superseded. History tables
    keep closed versions: history=true. -#}
{% macro live_rows(landed, history=false, keep_deleted=false) -%}
    {%- if not landed.exists and execute -%}
        1 = 0
    {%- else -%}
        {%- set conditions = ['1 = 1'] if keep_deleted else ['not (' ~ is_deleted(landed) | trim ~ ')'] -%}
        {%- if not history and landed_column(landed, '_fivetran_active') -%}
            {%- do conditions.append('coalesce(' ~ quiet_field(landed, '_fivetran_active', 'boolean') ~ ', true)') -%}
        {%- endif -%}
        {{ conditions | join('\n        and ') }}
    {%- endif -%}
{%- endmacro %}

{#- When the row was loaded: the last tie-break and the freshness of a vendor. -#}
{% macro loaded_at(landed) -%}
    {{ quiet_field(landed, loader_columns(), 'timestamp') }}
{%- endmacro %}

{#- Columns in which loaders note when they wrote the row. -#}
{% macro loader_columns() %}{{ return(['_fivetran_synced', '_airbyte_extracted_at', '_loaded_at', 'loaded_at']) }}{% endmacro %}

{#- row_mark of fields (none: of all columns) as they landed: to trim and read them first takes several times as long. -#}
{% macro landed_mark(landed, fields=none) %}
    {%- set columns = quoted_columns(landed) if fields is none else [] -%}
    {%- for names in fields or [] -%}
        {%- set column = landed_column(landed, names) -%}
        {%- if column -%}{%- do columns.append(quoted_column(column)) -%}{%- endif -%}
    {%- endfor -%}
    {{ return(row_mark(columns) if columns else 'cast(0 as ' ~ sql_type('bigint') ~ ')') }}
{% endmacro %}
