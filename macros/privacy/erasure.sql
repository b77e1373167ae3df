{#- Erasure by inventory. The yml of a source says of each landed column whether it holds personal data
    (meta contains_pii), which kinds of person (person; any: all there are) or of record of a person (record) its value may name, and whether
    it names, as the first of them, whoever the row's other values name (spreads), and which word a text keeps when it is cut (keeps); of a
    table whether a row about somebody erased goes as a whole or loses what is personal in it (on_erasure: cut), and its key: a value in the
    key is the row's own, any other is carried. Everything else here follows from that. -#}

{#- The personal columns that landed. personal_unless: {field: [values]} are rows in which the column is not personal.
    Unit tests see no graph: in their rows nobody is erased. -#}
{% macro personal_columns(landed) %}
    {%- set found = [] -%}
    {%- if execute and landed.exists and graph.sources is defined -%}
        {%- set inventory = own_source(landed.vendor, landed.table) -%}
        {%- set own = [] -%}
        {%- for names in key_columns(landed) if landed_column(landed, names) -%}{%- do own.append(landed_column(landed, names).name) -%}{%- endfor -%}
        {%- for column in inventory.columns.values() -%}
            {%- set meta, as_landed = column.config.meta, landed_column(landed, column.name) -%}
            {%- if as_landed and (meta.get('contains_pii') or meta.get('person') or meta.get('record')) -%}
                {%- set people = person_kinds() if meta.get('person') == 'any' else listed(meta.get('person')) -%}
                {%- set records = listed(meta.get('record')) -%}
                {%- set exceptions = [] -%}
                {%- for field_name, values in meta.get('personal_unless', {}).items() -%}
                    {%- do exceptions.append("coalesce(" ~ fold_case(field(landed, field_name)) ~ " in ('" ~ values | join("', '") ~ "'), false)") -%}
                {%- endfor -%}
                {%- set text = to_type(quoted_column(as_landed), as_landed.dtype, 'string') -%}
                {%- do found.append({
                    'name': as_landed.name,
                    'value': identity_value(text),
                    'is_own': as_landed.name in own,
                    'kept': kept_word(meta.get('keeps'), text) if is_text_type(as_landed.dtype) else '',
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

{#- What is left of a text that is cut: the one word by which the project decides, as a list, for such texts are JSON. -#}
{% macro kept_word(word, text) %}
    {{ return(" when " ~ text ~ " like '%" ~ word ~ "%' then '[\"" ~ word ~ "\"]'" if word else '') }}
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

{#- Every kind of id of a person that the source of some vendor knows. -#}
{% macro person_kinds() %}
    {%- set kinds = [] -%}
    {%- for source in landed_sources() -%}
        {%- for column in source.columns.values() -%}{%- do kinds.extend(listed(column.config.meta.get('person'))) -%}{%- endfor -%}
    {%- endfor -%}
    {{ return(kinds | reject('in', ['email', 'any']) | unique | sort) }}
{% endmacro %}

{#- Condition: the row names somebody who is erased. An id that several people carry names its own record alone. -#}
{% macro names_erased(columns, erased) %}
    {%- set conditions = [] -%}
    {%- for column in columns if column.kinds -%}
        {%- set kinds = ['email'] + column.kinds -%}
        {%- for kind in column.kinds if column.is_own -%}{%- do kinds.append(kind ~ ' (own)') -%}{%- endfor -%}
        {%- set match =
            "coalesce(" ~ column.value ~ " in (select person_value from " ~ erased ~ " where person_kind in ('" ~ kinds | join("', '") ~ "')), false)"
        -%}
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
    {%- set cuts = cut_values(columns, erased, 'names_erased') -%}
    {%- set selected = [] -%}
    {%- for column in landed.columns -%}
        {%- set name = quoted_column(column) -%}
        {%- do selected.append(cuts[column.name] ~ " as " ~ name if column.name in cuts else name) -%}
    {%- endfor -%}
    {{ return("(select " ~ selected | join(', ') ~ " from (select *, " ~ condition ~ " as names_erased from " ~ landed.relation ~ ") as named)") }}
{% endmacro %}

{#- {column: what is left of it}: an id is cut when it is that of somebody erased, for the agent of their ticket stays; the rest with the row. -#}
{% macro cut_values(columns, erased, row_condition) %}
    {%- set cuts = {} -%}
    {%- for column in columns if column.is_pii or column.people -%}
        {%- set condition =
            ("(" ~ row_condition ~ ")" if column.is_pii else names_erased([column], erased))
            ~ (" and not (" ~ column.exception ~ ")" if column.exception else '')
        -%}
        {%- do cuts.update({column.name: "case when not (" ~ condition ~ ") then " ~ quoted_column(column) ~ column.kept ~ " end"}) -%}
    {%- endfor -%}
    {{ return(cuts) }}
{% endmacro %}

{% macro on_erasure(landed) %}
    {{ return(own_source(landed.vendor, landed.table).config.meta.get('on_erasure', 'drop')) }}
{% endmacro %}

{#- Every landed table of the inventory that names people, looked up now: no model could list them all. The demo has nobody to erase. -#}
{% macro tables_that_name_people() %}
    {%- set tables = [] -%}
    {%- if execute and not var('voc_demo') -%}
        {%- for node in landed_sources() | sort(attribute='unique_id') -%}
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

{#- The rows of all parts, each once. Made distinct at once: a hundred unions, each distinct, are more plan than work. -#}
{% macro distinct_of(parts) -%}
{%- if parts -%}
select distinct * from (
        {{ parts | join('\n        union all\n        ') }}
    ) as landed_rows
{%- endif -%}
{%- endmacro %}

{#- Rows (person_kind, person_value): whom and what the landed tables name today, requests among them or not. -#}
{% macro landed_identities(with_requests=true) -%}
    {%- set parts = [] -%}
    {%- for landed in tables_that_name_people() if with_requests or landed.vendor != 'privacy' -%}
        {%- for column in personal_columns(landed) -%}
            {%- for kind in column.kinds -%}
                {%- do parts.append("select " ~ identity_kind(column, kind) ~ " as person_kind, " ~ column.value ~ " as person_value from " ~ landed.relation ~ " where " ~ column.value ~ " is not null") -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ distinct_of(parts) }}
{%- endmacro %}

{#- Rows (person_kind, person_value, person_is_own, other_kind, other_value, other_is_own): a row that names the first names the other too. -#}
{% macro landed_links() -%}
    {%- set parts = [] -%}
    {%- for landed in tables_that_name_people() -%}
        {%- set columns = personal_columns(landed) | selectattr('kinds') | list -%}
        {%- for other in columns | selectattr('spreads') -%}
            {%- for column in columns if column.name != other.name -%}
                {%- for kind in column.kinds -%}
                    {%- do parts.append(
                        "select " ~ identity_kind(column, kind) ~ " as person_kind, " ~ column.value ~ " as person_value, " ~ column.is_own
                        ~ " as person_is_own, " ~ identity_kind(other, other.kinds[0]) ~ " as other_kind, " ~ other.value ~ " as other_value, "
                        ~ other.is_own ~ " as other_is_own from " ~ landed.relation
                        ~ " where " ~ column.value ~ " is not null and " ~ other.value ~ " is not null"
                        ~ (" and not (" ~ other.exception ~ ")" if other.exception else '')
                    ) -%}
                {%- endfor -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ distinct_of(parts) }}
{%- endmacro %}

{#- Rows (record_kind, record_value, is_person, person_kind, person_value, is_own): a record, known by its key, and a value it carries,
    of the tables whose rows say that two values are one person. -#}
{% macro landed_carriers() -%}
    {%- set parts = [] -%}
    {%- for landed in tables_that_name_people() -%}
        {%- set columns = personal_columns(landed) | selectattr('kinds') | list -%}
        {%- set own = columns | selectattr('is_own') | first -%}
        {%- set key = own.value if own else landed_key(landed) -%}
        {%- if columns | selectattr('spreads') | list and key -%}
            {%- for column in columns -%}
                {%- for kind in column.kinds -%}
                    {%- do parts.append(
                        "select " ~ (identity_kind(own, own.kinds[0]) if own else "'" ~ landed.vendor ~ "." ~ landed.table ~ "'") ~ " as record_kind, "
                        ~ key ~ " as record_value, " ~ (1 if own and own.people else 0) ~ " as is_person, " ~ identity_kind(column, kind)
                        ~ " as person_kind, " ~ column.value ~ " as person_value, " ~ (1 if column.is_own else 0) ~ " as is_own from "
                        ~ landed.relation ~ " where " ~ key ~ " is not null and " ~ column.value ~ " is not null"
                    ) -%}
                {%- endfor -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {{ distinct_of(parts) }}
{%- endmacro %}

{#- CTEs `reached` and `stopped` (request, person_kind, person_hash) with what they need, to stand after `with recursive`: what the requests that are landed name,
    and whom the list remembers of those who are in `identities` (person_kind, person_hash), with all that landed rows tie to them. A value that
    several people carry ties nobody, but for an id in the rows it is the key of, and is in `stopped`. request is the text of the request, empty for
    who is remembered. -#}
{% macro reach_of_requests(requests, remembered, identities) %}
{%- set links = relation_of(own_model('int_privacy__links')) -%}
links as (

    select
        person_kind,
        person_hash,
        other_kind,
        other_hash
    from {{ links }}
    where ties

),

known as (
    {% if requests.exists %}
    {%- set email, contact_id = field(requests, 'email'), field(requests, 'contact_id') %}
    {%- set request = "coalesce(" ~ email ~ " || ' / ' || " ~ contact_id ~ ", " ~ email ~ ", " ~ contact_id ~ ")" %}
    select
        {{ request }} as request,
        'email' as person_kind,
        {{ erased_hash(identity_value(email)) }} as person_hash
    from {{ requests.relation }}
    where {{ email }} is not null

    union distinct
    {% for kind in person_kinds() %}
    select
        {{ request }} as request,
        case when {{ contact_id }} like '%@%' then 'email' else '{{ kind }}' end as person_kind,
        {{ erased_hash(identity_value(contact_id)) }} as person_hash
    from {{ requests.relation }}
    where {{ contact_id }} is not null
    {{ 'union distinct' if not loop.last or remembered }}
    {% endfor -%}
    {% endif %}
    {%- if remembered %}
    select
        '' as request,
        identities.person_kind,
        identities.person_hash
    from {{ identities }} as identities
    inner join {{ remembered }} as remembered
        on identities.person_hash = remembered.person_hash
        and remembered.person_kind in (identities.person_kind, {{ kind_of_own('identities.person_kind') }})
    {%- endif %}

),

{{ reached('known', 'links') }},

stopped as (

    select distinct
        reached.request,
        links.other_kind as person_kind,
        links.other_hash as person_hash
    from reached
    inner join {{ links }} as links on reached.person_kind = links.person_kind and reached.person_hash = links.person_hash
    where links.is_other_shared

)
{%- endmacro %}

{#- How the list notes an id that several people carry, which names its own record alone; and that several people carry a value, for there may
    be fewer of them once some are erased. -#}
{% macro kind_of_own(kind) %}{{ return(kind ~ " || ' (own)'") }}{% endmacro %}

{% macro kind_of_shared(kind) %}{{ return(kind ~ " || ' (shared)'") }}{% endmacro %}

{% macro identity_kind(column, kind) %}{{ return("case when " ~ column.value ~ " like '%@%' then 'email' else '" ~ kind ~ "' end") }}{% endmacro %}

{#- Has anybody asked, now or before? Without that nothing is searched. Each is a relation or none. -#}
{% macro holds_rows(relation) %}
    {%- if execute and relation -%}
        {%- set found = found_relation(relation) -%}
        {%- if found -%}{{ return(is_offline() or query_rows("select 1 from " ~ found ~ " limit 1") | length > 0) }}{%- endif -%}
    {%- endif -%}
    {{ return(false) }}
{% endmacro %}

{#- Whether somebody ever asked to be forgotten: a request is landed, or the list remembers one. -#}
{% macro somebody_asked() %}
    {%- set requests = landed_table('privacy', 'erasure_requests', in_demo=false) -%}
    {%- set remembered = found_relation(relation_of(own_model('int_privacy__erasure_list'))) if execute -%}
    {{ return(holds_rows(requests.relation) or holds_rows(remembered)) }}
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
            {%- do exceptions.warn(landed.relation ~ " is a view: the " ~ named ~ " rows it has about people who are erased are where it reads") -%}
        {%- elif named -%}
            {%- if on_erasure(landed) == 'drop' -%}
                {%- do statements.extend(delete_rows(landed.relation, condition)) -%}
            {%- else -%}
                {%- set changes = {} -%}
                {%- for name, left in cut_values(columns, erased, condition).items() -%}
                    {%- do changes.update({quoted_column({'name': name}): left}) -%}
                {%- endfor -%}
                {%- do statements.extend(update_rows(landed.relation, changes, condition)) -%}
            {%- endif -%}
            {%- do log(landed.relation ~ ": " ~ named ~ " rows " ~ ("deleted" if on_erasure(landed) == 'drop' else "cut"), info=true) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if statements -%}{%- do write_at_once(statements) -%}{%- endif -%}
{% endmacro %}

{#- `dbt run-operation preview_erasure`: tells, as one line of JSON, what `erase` would forget, and remembers nothing. requests: the text of each.
    reached: rows (request, person_kind, person_value, is_shared) that landed rows name. stopped: values that the request or somebody reached
    carries, and that several people do. tables: the landed tables with rows about them. -#}
{% macro preview_erasure() %}
    {%- set requests = landed_table('privacy', 'erasure_requests', in_demo=false) -%}
    {%- set remembered = found_relation(relation_of(own_model('int_privacy__erasure_list'))) -%}
    {%- set reached = 'erasure_preview' -%}
    {%- set told = {'requests': [], 'reached': [], 'stopped': [], 'tables': []} -%}
    {%- if not var('voc_demo') and somebody_asked() -%}
        {%- if remembered -%}{%- do check_salt_of(remembered) -%}{%- endif -%}
        {%- do run_query(temporary_rows(reached, erasure_preview_query(requests, remembered))) -%}
        {%- for row in query_rows("select request, person_kind, person_value, is_shared, is_stopped, is_landed from " ~ reached ~ " order by 1, 2, 3") -%}
            {%- set named = {'request': row[0], 'kind': row[1], 'value': row[2], 'is_shared': row[3]} -%}
            {%- if row[4] -%}{%- do told.stopped.append(named) -%}
            {%- elif row[5] -%}{%- do told.reached.append(named) -%}
            {%- endif -%}
            {%- if row[0] and row[0] not in told.requests -%}{%- do told.requests.append(row[0]) -%}{%- endif -%}
        {%- endfor -%}
        {%- set erased = "(select person_value, case when is_shared then " ~ kind_of_own('person_kind') ~ " else person_kind end as person_kind from " ~ reached
            ~ " where is_landed and not is_stopped) as erased" -%}
        {%- for landed in tables_that_name_people() if landed.vendor != 'privacy' -%}
            {%- set condition = names_erased(personal_columns(landed), erased) -%}
            {%- set named = query_rows("select count(*) from " ~ landed.relation ~ " where " ~ condition)[0][0] -%}
            {%- if named -%}
                {%- do told.tables.append({'table': landed.vendor ~ '.' ~ landed.table, 'rows': named, 'action': on_erasure(landed)}) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- do run_query(without_temporary_rows(reached)) -%}
    {%- endif -%}
    {%- do log('erasure ' ~ tojson(told), info=true) -%}
{% endmacro %}

{% macro erasure_preview_query(requests, remembered) %}
with recursive landed_people as (

    select
        person_kind,
        person_value,
        {{ erased_hash('person_value') }} as person_hash
    from ({{ landed_identities(with_requests=false) }}) as identities

),

{{ reach_of_requests(requests, remembered, 'landed_people') }},

named as (

    select request, person_kind, person_hash, false as is_stopped from reached
    union all
    select stopped.request, stopped.person_kind, stopped.person_hash, true as is_stopped
    from stopped
    left join reached
        on stopped.request = reached.request and stopped.person_kind = reached.person_kind and stopped.person_hash = reached.person_hash
    where reached.person_hash is null

)

select
    named.request,
    named.person_kind,
    landed_people.person_value,
    named.is_stopped,
    shared_values.person_value is not null and named.person_kind <> 'email' as is_shared,
    landed_people.person_value is not null as is_landed
from named
left join landed_people on named.person_kind = landed_people.person_kind and named.person_hash = landed_people.person_hash
left join {{ relation_of(own_model('int_privacy__shared_values')) }} as shared_values
    on landed_people.person_kind = shared_values.person_kind and landed_people.person_value = shared_values.person_value
{% endmacro %}
