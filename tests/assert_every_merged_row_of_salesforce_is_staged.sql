{{ config(enabled=is_listed('crm', 'salesforce')) }}
-- Claim: accounts and contacts are staged one for one, but for those in the recycle bin that were
-- not merged into another.
{%- set tables = [('account', 'stg_salesforce__accounts'), ('contact', 'stg_salesforce__contacts')] %}
{% for table, staged in tables %}
{%- set landed_table = landed('salesforce', table) %}
{{ 'union all' if not loop.first }}
select
    '{{ table }}' as landed_table,
    landed.row_count as landed_rows,
    staged.row_count as staged_rows
from (
    select count(*) as row_count
    from {{ landed_from(landed_table) }}
    where
        {{ live_rows(landed_table, keep_deleted=true) }}
        and (
            {{ field(landed_table, 'master_record_id') }} is not null
            or not coalesce({{ field(landed_table, 'is_deleted', 'boolean') }}, false)
        )
) as landed
cross join (select count(*) as row_count from {{ ref(staged) }}) as staged
where landed.row_count <> staged.row_count
{% endfor %}
