{#- Copies every public mart to where readers look, all of them at once: readers see the marts of one build or of the next, never some
    of each. DuckDB writes the file it is given, which the caller then moves into place; PostgreSQL writes schema in one transaction and
    waits at most wait_seconds for whoever is in its way. -#}
{% macro publish(file=none, schema='published', wait_seconds=60) %}
    {%- set marts = public_marts() -%}
    {%- set run_id = run_of(marts) -%}
    {%- set places = {
        'file': file,
        'schema': env_var('VOC_SCHEMA_PREFIX', '') ~ schema,
        'wait_seconds': checked_whole_number(wait_seconds, 'wait_seconds of publish is'),
    } -%}
    {%- do adapter.dispatch('publish')(marts, run_id, places) -%}
{% endmacro %}

{% macro public_marts() %}
    {%- set found = [] -%}
    {%- set own = graph.nodes.values() | selectattr('package_name', 'equalto', own_project()) | selectattr('resource_type', 'equalto', 'model') -%}
    {%- for mart in own | selectattr('access', 'equalto', 'public') | sort(attribute='name') -%}
        {%- set relation = load_relation(relation_of(mart)) -%}
        {%- if not relation -%}
            {%- do exceptions.raise_compiler_error("There is no " ~ mart.schema ~ "." ~ mart.alias ~ " to publish: build the whole project first.") -%}
        {%- endif -%}
        {%- do found.append(relation) -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}

{#- A file of its own, because DuckDB lets nobody read a file while a build writes it. -#}
{% macro duckdb__publish(marts, run_id, places) %}
    {%- do run_query("attach '" ~ places.file | replace("'", "''") ~ "' as published (storage_version 'v1.4.0')") -%}
    {%- set statements = [] -%}
    {%- for mart in marts -%}
        {%- do statements.append("create schema if not exists published." ~ mart_schema(mart)) -%}
        {%- do statements.append("create table published." ~ mart_schema(mart) ~ "." ~ mart.identifier ~ " as from " ~ mart) -%}
    {%- endfor -%}
    {%- do write_at_once(statements) -%}
    {%- do run_query("detach published") -%}
{% endmacro %}

{#- Rows are replaced, not tables, as long as the columns stay: readers never wait. -#}
{% macro default__publish(marts, run_id, places) %}
    {%- set statements = ["create schema if not exists " ~ places.schema] -%}
    {%- for mart in marts -%}
        {%- set published = published_as(mart, places.schema) -%}
        {%- set there = load_relation(published) -%}
        {%- if there and has_columns_of(there, mart) -%}
            {%- do statements.extend(replaced_rows(published, mart)) -%}
        {%- else -%}
            {%- if there -%}{%- do statements.append("drop table " ~ published) -%}{%- endif -%}
            {%- do statements.append("create table " ~ published ~ " as select * from " ~ mart) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do write_at_once(statements) -%}
{% endmacro %}

{#- A mart whose columns changed is written beside the old one, and is locked only for the moment in which it takes its place. Of two
    that publish at once the second waits: it would delete the rows it knows and keep those of the first. -#}
{% macro postgres__publish(marts, run_id, places) %}
    {%- set statements = [
        "set local lock_timeout = '" ~ places.wait_seconds ~ "s'",
        "do $$ begin perform pg_advisory_xact_lock(hashtext(" ~ text_literal('publish ' ~ places.schema) ~ ")); end $$",
        "create schema if not exists " ~ adapter.quote(places.schema),
    ] -%}
    {%- set indexed = indexed_columns(places.schema) -%}
    {%- set all_published, changed, in_place = [], [], [] -%}
    {%- for mart in marts -%}
        {%- set published = published_as(mart, places.schema) -%}
        {%- set there = load_relation(published) -%}
        {%- do all_published.append(published) -%}
        {%- if not there -%}
            {%- do statements.extend(["create table " ~ published ~ " as select * from " ~ mart] + indexes_on_keys(published, mart)) -%}
        {%- elif has_columns_of(there, mart) -%}
            {%- do statements.extend(replaced_rows(published, mart) + indexes_on_keys(published, mart, indexed.get(mart.identifier, []))) -%}
        {%- else -%}
            {%- do changed.append(published) -%}
            {%- do statements.extend(["create table " ~ beside(published) ~ " as select * from " ~ mart, granted_like(beside(published), published)]) -%}
            {%- do statements.extend(indexes_on_keys(beside(published), mart)) -%}
            {%- do in_place.extend(["drop table " ~ published, "alter table " ~ beside(published) ~ " rename to " ~ adapter.quote(published.identifier)]) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do statements.append(still_of_run(marts, run_id)) -%}
    {%- if changed -%}{%- do statements.append(locked_briefly(changed, places.wait_seconds)) -%}{%- endif -%}
    {%- do write_at_once(statements + in_place) -%}
    {#- Room for the rows of the next time, where those of the last were. Readers do not wait for this, and it waits for nobody. -#}
    {%- call statement(auto_begin=false) -%}vacuum (analyze, skip_locked) {{ all_published | join(', ') }}{%- endcall -%}
{% endmacro %}

{#- PostgreSQL: statements for an index on each column of a mart that is the key of a mart, its own or another's. -#}
{% macro indexes_on_keys(relation, mart, indexed=[]) %}
    {%- set keys, statements = keys_of_marts(), [] -%}
    {%- for column in adapter.get_columns_in_relation(mart) if column.name in keys and column.name not in indexed -%}
        {%- do statements.append("create index on " ~ relation ~ " (" ~ column.quoted ~ ")") -%}
    {%- endfor -%}
    {{ return(statements) }}
{% endmacro %}

{#- Columns of which one says which row of a public mart is meant: those with the test unique. -#}
{% macro keys_of_marts() %}
    {%- set keys = [] -%}
    {%- for test in graph.nodes.values() | selectattr('resource_type', 'equalto', 'test') if (test.test_metadata or {}).name == 'unique' -%}
        {%- if graph.nodes.get(test.attached_node, {}).access == 'public' -%}{%- do keys.append(test.column_name) -%}{%- endif -%}
    {%- endfor -%}
    {{ return(keys) }}
{% endmacro %}

{#- PostgreSQL: {table of a schema: the columns by which an index finds rows}. -#}
{% macro indexed_columns(schema) %}
    {%- set found = {} -%}
    {%- for row in query_rows(
        "select pg_class.relname, pg_attribute.attname from pg_index inner join pg_class on pg_index.indrelid = pg_class.oid"
        ~ " inner join pg_namespace on pg_class.relnamespace = pg_namespace.oid"
        ~ " inner join pg_attribute on pg_index.indrelid = pg_attribute.attrelid and pg_index.indkey[0] = pg_attribute.attnum"
        ~ " where pg_index.indisvalid and pg_index.indpred is null and pg_namespace.nspname = " ~ text_literal(schema)
    ) -%}
        {%- do found.update({row[0]: found.get(row[0], []) + [row[1]]}) -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}

{% macro redshift__publish(marts, run_id, places) %}{{ return(default__publish(marts, run_id, places)) }}{% endmacro %}

{#- Without transactions all are written first, and then take their places one after the other. -#}
{% macro spark__publish(marts, run_id, places) %}
    {%- set first, then = ["create schema if not exists " ~ places.schema], [] -%}
    {%- for mart in marts -%}
        {%- set published = api.Relation.create(schema=places.schema, identifier=mart.identifier) -%}
        {%- do first.extend(written_beside(published, mart, "select * from " ~ mart)) -%}
        {%- do then.extend(put_in_place(published)) -%}
    {%- endfor -%}
    {%- do write_at_once(first) -%}
    {#- another run may have written while these were copied -#}
    {%- do run_of(marts) -%}
    {%- do write_at_once(then) -%}
{% endmacro %}

{% macro mart_schema(mart) %}{{ return(mart.schema[env_var('VOC_SCHEMA_PREFIX', '') | length:]) }}{% endmacro %}

{% macro published_as(mart, schema) %}
    {{ return(api.Relation.create(database=mart.database, schema=schema, identifier=mart.identifier)) }}
{% endmacro %}

{% macro replaced_rows(published, mart) %}
    {{ return(["delete from " ~ published, "insert into " ~ published ~ " select * from " ~ mart]) }}
{% endmacro %}

{#- Names and types: a number that goes into a column of another type may be rounded on its way. -#}
{% macro has_columns_of(relation, other) %}
    {%- set described = [] -%}
    {%- for columns in [adapter.get_columns_in_relation(relation), adapter.get_columns_in_relation(other)] -%}
        {%- do described.append([columns | map(attribute='quoted') | list, columns | map(attribute='data_type') | list]) -%}
    {%- endfor -%}
    {{ return(described[0] == described[1]) }}
{% endmacro %}

{#- PostgreSQL, at the end of what copies marts: a run that wrote one of them meanwhile has left its name. -#}
{% macro still_of_run(marts, run_id) %}
    {%- set names = [] -%}
    {%- for mart in marts -%}{%- do names.append(text_literal(mart.include(database=false) | string) ~ "::regclass") -%}{%- endfor -%}
    {{ return(
        "do $$ begin\n"
        ~ "    if exists (select from unnest(array[" ~ names | join(', ') ~ "]) as mart (id) where coalesce(obj_description(id, 'pg_class'), '') not like "
        ~ text_literal('%' ~ run_mark(run_id)) ~ ") then\n"
        ~ "        raise exception 'Another run wrote marts while they were published: wait until it is done, build again, then publish.';\n"
        ~ "    end if;\n"
        ~ "end $$"
    ) }}
{% endmacro %}

{#- PostgreSQL: a block that locks tables so that they can be dropped. Whoever asks for a table after a lock that waits, waits too: so all
    locks together are waited for less than a second, and between two attempts everybody is let through. -#}
{% macro locked_briefly(relations, wait_seconds) %}
    {%- set names, ids = [], [] -%}
    {%- for relation in relations -%}
        {%- do names.append(relation.identifier) -%}
        {%- do ids.append(text_literal(relation.include(database=false) | string) ~ "::regclass") -%}
    {%- endfor -%}
    {{ return(
        "do $$\n"
        ~ "declare\n"
        ~ "    gives_up_at constant timestamptz := clock_timestamp() + interval '" ~ wait_seconds ~ " seconds';\n"
        ~ "    holders text;\n"
        ~ "begin\n"
        ~ "    perform set_config('lock_timeout', '" ~ [800 // relations | length, 10] | max ~ "ms', true);\n"
        ~ "    loop\n"
        ~ "        begin\n"
        ~ "            lock table " ~ relations | join(', ') ~ " in access exclusive mode;\n"
        ~ "            exit;\n"
        ~ "        exception when lock_not_available then\n"
        ~ "            if clock_timestamp() > gives_up_at then\n"
        ~ "                select string_agg(distinct format('process %s (%s of %s)', session.pid, coalesce(nullif(session.application_name, ''), 'no name'), session.usename), ', ')\n"
        ~ "                into holders\n"
        ~ "                from pg_locks as held\n"
        ~ "                inner join pg_stat_activity as session on held.pid = session.pid\n"
        ~ "                where held.granted and held.pid <> pg_backend_pid() and held.relation in (" ~ ids | join(', ') ~ ");\n"
        ~ "                raise exception 'Columns of published marts changed (" ~ names | join(', ') ~ "), and somebody reads them in an open transaction: %. "
        ~ "Nothing is published after waiting " ~ wait_seconds ~ " seconds. Let them end it, then publish again.', coalesce(holders, 'it has just ended');\n"
        ~ "            end if;\n"
        ~ "        end;\n"
        ~ "        perform pg_sleep(1);\n"
        ~ "    end loop;\n"
        ~ "end $$"
    ) }}
{% endmacro %}
