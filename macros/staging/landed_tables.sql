{#- Which landed tables the staging models of the listed vendors read, one entry per domain, entity and table:
    {vendor, domain, entity, table, node, alternatives}. The graph says what a model reads. `alternatives` numbers the group of
    tables of which one must land for the entity to have rows: meta rows_from of the staging model lists the groups
    ("task / event"); without it all the tables it reads are one group. None: the table only adds to rows of others. -#}
{% macro tables_read() %}
    {%- set reads = [] -%}
    {%- for domain in domains() -%}
        {%- for id in graph.nodes | sort if id.startswith('model.' ~ own_project() ~ '.int_' ~ domain ~ '__') and id.endswith('_unioned') -%}
            {%- set entity = id.split('__')[-1].removesuffix('_unioned') -%}
            {%- for vendor in vendors(domain) -%}
                {%- set staging = own_model('stg_' ~ vendor ~ '__' ~ entity) -%}
                {%- if staging -%}
                    {%- set own = tables_of_staging(staging) -%}
                    {%- for table, node in own.tables.items() -%}
                        {%- set found = namespace(group=none if own.rows_from else 1) -%}
                        {%- for group in own.rows_from if table in group.split(' / ') -%}{%- set found.group = loop.index -%}{%- endfor -%}
                        {%- do reads.append({
                            'vendor': vendor, 'domain': domain, 'entity': entity, 'table': table, 'node': node, 'alternatives': found.group,
                        }) -%}
                    {%- endfor -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(reads) }}
{% endmacro %}

{#- What tables_read says, with the near_name of each table that did not land, and as rows without domain and entity the tables of
    any vendor that landed and that nothing reads; `found`: what landed, as `landed` gives it. Seeds of the demo are landed tables. -#}
{% macro landed_report() %}
    {%- set reads, found, nodes, near = tables_read(), [], {}, {} -%}
    {%- for read in reads -%}{%- do nodes.update({(read.vendor, read.table): read.node}) -%}{%- endfor -%}
    {%- if not var('voc_demo') and not is_offline() -%}
        {%- for source in landed_sources() | sort(attribute='unique_id')
            if (source.source_name, source.name) not in nodes and found_relation(relation_of(source)) -%}
            {%- do nodes.update({(source.source_name, source.name): source}) -%}
            {%- do reads.append({'vendor': source.source_name, 'domain': none, 'entity': none, 'table': source.name, 'alternatives': none}) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- for key, node in nodes.items() -%}
        {%- set columns = landed_columns(relation_of(node)) -%}
        {%- if columns is not none -%}
            {%- do found.append({'vendor': key[0], 'table': key[1], 'relation': found_relation(relation_of(node)), 'exists': true, 'columns': columns}) -%}
        {%- elif not var('voc_demo') -%}
            {%- do near.update({key: near_miss(node)}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for read in reads -%}{%- do read.update({'near_name': near.get((read.vendor, read.table))}) -%}{%- endfor -%}
    {{ return({'reads': reads, 'found': found}) }}
{% endmacro %}

{#- {tables: {name: node}, rows_from} of a staging model and of the staging models it stands on. -#}
{% macro tables_of_staging(staging) %}
    {%- set found = namespace(tables={}, rows_from=staging.config.meta.get('rows_from', [])) -%}
    {%- for id in staging.depends_on.nodes -%}
        {%- set node = graph.sources.get(id) or graph.nodes.get(id) -%}
        {%- if node.resource_type == 'source' -%}
            {%- do found.tables.update({node.name: node}) -%}
        {%- elif node.resource_type == 'seed' and '__' in node.name -%}
            {%- do found.tables.update({node.name.split('__')[1]: node}) -%}
        {%- elif node.name.startswith('stg_') -%}
            {%- set below = tables_of_staging(node) -%}
            {%- do found.tables.update(below.tables) -%}
            {%- if not found.rows_from -%}{%- set found.rows_from = below.rows_from -%}{%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return({'tables': found.tables, 'rows_from': found.rows_from}) }}
{% endmacro %}

{#- A relation of the table's schema that no vendor declares and whose name is nearly that of the table; none where there is none. -#}
{% macro near_miss(node) %}
    {%- if is_offline() -%}{{ return(none) }}{%- endif -%}
    {%- set declared = [] -%}
    {%- for source in landed_sources() if source.source_name == node.source_name -%}
        {%- do declared.append(folded_name(source.identifier)) -%}
    {%- endfor -%}
    {%- set wanted = folded_name(node.identifier) -%}
    {%- set best = namespace(name=none, distance=[1, wanted | length // 5] | max + 1) -%}
    {%- for name in names_in_schema(node) | sort if folded_name(name) not in declared -%}
        {%- set given = folded_name(name) -%}
        {%- set is_part = [given, wanted] | map('length') | min >= 4 and (given in wanted or wanted in given) -%}
        {%- set distance = 1 if is_part else edit_distance(given, wanted) -%}
        {%- if distance < best.distance -%}{%- set best.name = name -%}{%- set best.distance = distance -%}{%- endif -%}
    {%- endfor -%}
    {{ return(best.name) }}
{% endmacro %}

{% macro folded_name(name) %}{{ return(name | lower | replace('_', '')) }}{% endmacro %}

{#- Names of what stands in the schema of a node: every adapter lists them in the second column. -#}
{% macro names_in_schema(node) %}
    {%- set names = [] -%}
    {%- for row in list_relations_without_caching(relation_of(node).without_identifier()) -%}{%- do names.append(row[1]) -%}{%- endfor -%}
    {{ return(names) }}
{% endmacro %}

{#- Letters to change, add or take away to make one text of another. -#}
{% macro edit_distance(one, other) %}
    {%- set last = namespace(cells=range(other | length + 1) | list) -%}
    {%- for letter in one -%}
        {%- set cells = [loop.index] -%}
        {%- for against in other -%}
            {%- do cells.append([
                last.cells[loop.index] + 1, cells[-1] + 1, last.cells[loop.index0] + (0 if letter == against else 1),
            ] | min) -%}
        {%- endfor -%}
        {%- set last.cells = cells -%}
    {%- endfor -%}
    {{ return(last.cells[-1]) }}
{% endmacro %}

{#- Columns of what is counted in a landed table, and of what is known of one without looking into it. -#}
{% macro landed_size_columns() %}
    {{ return([
        {'name': 'source_vendor', 'data_type': 'string'},
        {'name': 'table_name', 'data_type': 'string'},
        {'name': 'landed_rows', 'data_type': 'bigint'},
        {'name': 'newest_at', 'data_type': 'timestamp'},
    ]) }}
{% endmacro %}

{% macro landed_read_columns() %}
    {{ return([
        {'name': 'source_vendor', 'data_type': 'string'},
        {'name': 'domain', 'data_type': 'string'},
        {'name': 'entity', 'data_type': 'string'},
        {'name': 'table_name', 'data_type': 'string'},
        {'name': 'alternatives', 'data_type': 'bigint'},
        {'name': 'near_name', 'data_type': 'string'},
    ]) }}
{% endmacro %}
