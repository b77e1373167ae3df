{#- Nothing is lost on the way in: a staging model has one row per landed row that the loader has not marked as deleted. tables:
    what it reads, each {name} and where it applies in_demo, history, keep_deleted (see landed() and live_rows()), and only: columns
    with the condition of the rows that are records of this entity (@ stands for the column's text in small letters), which docs/quarantine.md explains. -#}
{% test stages_every_landed_row(model, vendor, tables) %}
select
    staged.row_count as staged_rows,
    landed.row_count as landed_rows
from (select count(*) as row_count from {{ model }}) as staged
cross join (
    select sum(row_count) as row_count
    from (
        {%- for table in tables %}
        {%- set landed_table = landed(vendor, table.name, in_demo=table.get('in_demo', true)) %}
        {{ 'union all' if not loop.first }}
        select count(*) as row_count
        from {{ landed_from(landed_table) }}
        where
            {{ live_rows(landed_table, history=table.get('history', false), keep_deleted=table.get('keep_deleted', false)) }}
            {%- for column, condition in table.get('only', {}).items() %}
            and {{ condition | replace('@', fold_case(field(landed_table, column))) }}
            {%- endfor %}
        {%- endfor %}
    ) as tables
) as landed
where staged.row_count <> landed.row_count
{% endtest %}
