{#- Erasure by inventory. The yml of a source says of each landed column whether it holds personal data
    (meta contains_pii), which kinds of person (person) or of record of a person (record) its value may name, and whether
    it names, as the first of them, whoever the row's other values name (spreads); of a table whether a row about somebody erased goes
    as a whole or loses what is personal in it (on_erasure: cut). Everything else here follows from that. -#}

{#- The personal columns that landed. personal_unless: {field: [values]} are rows in which the column is not personal.
    Unit tests see no graph: in their rows nobody is erased. -#}
{% macro personal_columns(landed) %}
    {%- set found = [] -%}
    {%- if execute and landed.exists and graph.sources is defined -%}
        {%- set inventory = graph.sources['source.' ~ project_name ~ '.' ~ landed.vendor ~ '.' ~ landed.table] -%}
        {%- for column in inventory.columns.values() -%}
            {%- set meta, as_landed = column.config.meta, landed_column(landed, column.name) -%}
            {%- if as_landed and (meta.get('contains_pii') or meta.get('person') or meta.get('record')) -%}
                {%- set people, records = listed(meta.get('person')), listed(meta.get('record')) -%}
                {%- set exceptions = [] -%}
                {%- for field_name, values in meta.get('personal_unless', {}).items() -%}
                    {%- do exceptions.append("coalesce(" ~ fold_case(field(landed, field_name)) ~ " in ('" ~ values | join("', '") ~ "'), false)") -%}
                {%- endfor -%}
                {%- do found.append({
                    'name': as_landed.name,
                    'value': identity_value(to_type(adapter.quote(as_landed.name), as_landed.dtype, 'string')),
                    'people': people,
                    'kinds': people + records,
                    'spreads': meta.get('spreads', false),
                    'is_pii': meta.get('contains_pii', false),
                    'exception': exceptions | join(' or '),
                }) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{% endmacro %}

{% macro listed(value) %}{{ return([] if not value else [value] if value is string else value) }}{% endmacro %}

{#- A mail is a mail in whatever column it stands. -#}
{% macro identity_value(text) %}
    {{ return("case when " ~ text ~ " like '%@%' then " ~ fold_case(text) ~ " else " ~ text ~ " end") }}
{% endmacro %}

{#- What the erasure list remembers of a person: the hash of the contact_key, so that history, which knows people by that key only,
    can be compared with it, while nobody finds the key of an erased person in the list. -#}
{% macro erased_hash(value) %}{{ return(hash_of_key(contact_key(value))) }}{% endmacro %}

{% macro hash_of_key(key) %}{{ return(contact_key(key)) }}{% endmacro %}

{#- By another salt the list would find nobody, and who was forgotten would be back. -#}
{% macro salt_check() %}{{ return(contact_key("'erasure list'")) }}{% endmacro %}

{% macro check_salt_of(erasure_list) %}
    {%- if holds_rows(erasure_list) and query_rows("select 1 from " ~ erasure_list ~ " where salt_check <> " ~ salt_check() ~ " limit 1") -%}
        {%- do exceptions.raise_compiler_error(
            "The erasure list " ~ erasure_list ~ " was made with another VOC_HASH_SALT, so nobody on it would be found. Set that salt again; or land "
            ~ "every request again in erasure_requests and drop the list."
        ) -%}
    {%- endif -%}
{% endmacro %}

{% macro person_kinds() %}
    {{ return(listed(graph.sources['source.' ~ project_name ~ '.privacy.erasure_requests'].columns['contact_id'].config.meta.person)) }}
{% endmacro %}

{#- Condition: the row names somebody who is erased. -#}
{% macro names_erased(columns, erased) %}
    {%- set conditions = [] -%}
    {%- for column in columns if column.kinds -%}
        {%- set match = "coalesce(" ~ column.value ~ " in (select person_value from " ~ erased ~ " where person_kind in ('email', '" ~ column.kinds | join("', '") ~ "')), false)" -%}
        {%- do conditions.append("(" ~ match ~ " and not (" ~ column.exception ~ "))" if column.exception else match) -%}
    {%- endfor -%}
    {{ return(conditions | join(' or ')) }}
{% endmacro %}

{#- A landed table as it is read: without the rows about somebody erased, or with what is personal in them cut: the names of whoever
    is erased, and all that contains_pii. -#}
{% macro without_erased(landed, erased) %}
    {%- set columns = personal_columns(landed) -%}
    {%- set condition = names_erased(columns, erased) -%}
    {%- if not condition -%}
        {{ return(landed.relation) }}
    {%- elif on_erasure(landed) == 'drop' -%}
        {{ return("(select * from " ~ landed.relation ~ " where not (" ~ condition ~ "))") }}
    {%- endif -%}
    {%- set cuts = cut_conditions(columns, erased, 'names_erased') -%}
    {%- set selected = [] -%}
    {%- for column in landed.columns -%}
        {%- set name = adapter.quote(column.name) -%}
        {%- do selected.append("case when not (" ~ cuts[column.name] ~ ") then " ~ name ~ " end as " ~ name if column.name in cuts else name) -%}
    {%- endfor -%}
    {{ return("(select " ~ selected | join(', ') ~ " from (select *, " ~ condition ~ " as names_erased from " ~ landed.relation ~ ") as named)") }}
{% endmacro %}

{#- {column: when it is cut}: an id when it is that of somebody erased, for the agent of their ticket stays; the rest with the row. -#}
{% macro cut_conditions(columns, erased, row_condition) %}
    {%- set cuts = {} -%}
    {%- for column in columns if column.is_pii or column.people -%}
        {%- set condition = "(" ~ row_condition ~ ")" if column.is_pii else names_erased([column], erased) -%}
        {%- do cuts.update({column.name: condition ~ (" and not (" ~ column.exception ~ ")" if column.exception else '')}) -%}
    {%- endfor -%}
    {{ return(cuts) }}
{% endmacro %}

{% macro on_erasure(landed) %}
    {{ return(graph.sources['source.' ~ project_name ~ '.' ~ landed.vendor ~ '.' ~ landed.table].config.meta.get('on_erasure', 'drop')) }}
{% endmacro %}

{#- Every landed table of the inventory that names people, looked up now: no model could list them all. The demo has nobody to erase. -#}
{% macro tables_that_name_people() %}
    {%- set tables = [] -%}
    {%- if execute and not var('voc_demo') -%}
        {%- for node in graph.sources.values() | sort(attribute='unique_id') -%}
            {%- set relation = found_relation(relation_of(node)) -%}
            {%- if relation -%}
                {%- set landed = {
                    'vendor': node.source_name, 'table': node.name, 'relation': relation, 'exists': true, 'columns': relation_columns(relation),
                } -%}
                {%- if personal_columns(landed) | selectattr('kinds') | list -%}{%- do tables.append(landed) -%}{%- endif -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(tables) }}
{% endmacro %}

{#- Rows (person_kind, person_value): whom and what the landed tables name today. -#}
{% macro landed_identities() -%}
    {%- set parts = [] -%}
    {%- for landed in tables_that_name_people() -%}
        {%- for column in personal_columns(landed) -%}
            {%- for kind in column.kinds -%}
                {%- do parts.append("select " ~ identity_kind(column, kind) ~ " as person_kind, " ~ column.value ~ " as person_value from " ~ landed.relation ~ " where " ~ column.value ~ " is not null") -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ parts | join('\n    union distinct\n    ') }}
{%- endmacro %}

{#- Rows (person_kind, person_value, other_kind, other_value): a row that names the first names the other too. -#}
{% macro landed_links() -%}
    {%- set parts = [] -%}
    {%- for landed in tables_that_name_people() -%}
        {%- set columns = personal_columns(landed) | selectattr('kinds') | list -%}
        {%- for other in columns | selectattr('spreads') -%}
            {%- for column in columns if column.name != other.name -%}
                {%- for kind in column.kinds -%}
                    {%- do parts.append(
                        "select " ~ identity_kind(column, kind) ~ " as person_kind, " ~ column.value ~ " as person_value, "
                        ~ identity_kind(other, other.kinds[0]) ~ " as other_kind, " ~ other.value ~ " as other_value from " ~ landed.relation
                        ~ " where " ~ column.value ~ " is not null and " ~ other.value ~ " is not null"
                        ~ (" and not (" ~ other.exception ~ ")" if other.exception else '')
                    ) -%}
                {%- endfor -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ parts | join('\n    union distinct\n    ') }}
{%- endmacro %}

{% macro identity_kind(column, kind) %}{{ return("case when " ~ column.value ~ " like '%@%' then 'email' else '" ~ kind ~ "' end") }}{% endmacro %}

{#- Has anybody asked, now or before? Without that nothing is searched. Each is a relation or none. -#}
{% macro holds_rows(relation) %}
    {%- if execute and relation -%}
        {%- set found = found_relation(relation) -%}
        {%- if found -%}{{ return(is_offline() or query_rows("select 1 from " ~ found ~ " limit 1") | length > 0) }}{%- endif -%}
    {%- endif -%}
    {{ return(false) }}
{% endmacro %}

{#- Post-hook of every model and snapshot: history that is kept from run to run loses whoever is erased. It may know people by
    their key alone. -#}
{% macro forget_erased() %}
    {%- if execute and model.config.materialized in ['incremental', 'snapshot'] and 'contact_key' in model.columns -%}
        {%- set is_erased = hash_of_key('contact_key') ~ " in (select person_hash from " ~ relation_of(own_model('int_privacy__erasure_list')) ~ ")" -%}
        {%- for text in delete_rows(this, is_erased) -%}{%- do run_query(text) -%}{%- endfor -%}
    {%- endif -%}
{% endmacro %}

{#- `dbt run-operation erase_landed`: deletes, or cuts, in the landed tables of this database what names somebody erased, requests
    included. A loader that lands it again lands it in vain: staging never reads it. -#}
{% macro erase_landed() %}
    {%- set erased = relation_of(own_model('int_privacy__erased_people')) -%}
    {%- set statements = [] -%}
    {%- for landed in tables_that_name_people() -%}
        {%- set columns = personal_columns(landed) -%}
        {%- set condition = names_erased(columns, erased) -%}
        {%- set named = run_query("select count(*) from " ~ landed.relation ~ " where " ~ condition).rows[0][0] -%}
        {%- if named and landed.relation.is_view -%}
            {%- do exceptions.warn(landed.relation ~ " is a view: the " ~ named ~ " rows it has about people who are erased are where it reads.") -%}
        {%- elif named -%}
            {%- if on_erasure(landed) == 'drop' -%}
                {%- do statements.extend(delete_rows(landed.relation, condition)) -%}
            {%- else -%}
                {%- set changes = {} -%}
                {%- for name, cut in cut_conditions(columns, erased, condition).items() -%}
                    {%- do changes.update({adapter.quote(name): "case when not (" ~ cut ~ ") then " ~ adapter.quote(name) ~ " end"}) -%}
                {%- endfor -%}
                {%- do statements.extend(update_rows(landed.relation, changes, condition)) -%}
            {%- endif -%}
            {%- do log(landed.relation ~ ": " ~ named ~ " rows " ~ ("deleted" if on_erasure(landed) == 'drop' else "cut"), info=true) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if statements -%}{%- do write_at_once(statements) -%}{%- endif -%}
{% endmacro %}
