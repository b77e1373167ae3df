{{ config(enabled=is_listed('crm', 'salesforce')) }}
-- Claim: accounts and contacts are staged one for one, but for those in the recycle bin that were
-- not merged into another; and beside the contacts the leads that became one.
{%- set tables = [('account', 'stg_salesforce__accounts'), ('contact', 'stg_salesforce__contacts')] %}

with counted as (
    {% for table, staged in tables %}
    {%- set landed_table = landed('salesforce', table) %}
    {{ 'union all' if not loop.first }}
    select
        '{{ table }}' as landed_table,
        1 as landed,
        0 as staged
    from {{ landed_from(landed_table) }}
    where
        {{ live_rows(landed_table, keep_deleted=true) }}
        and (
            {{ field(landed_table, 'master_record_id') }} is not null
            or not ({{ is_deleted(landed_table) }})
        )

    union all

    select
        '{{ table }}' as landed_table,
        0 as landed,
        1 as staged
    from {{ ref(staged) }}
    {% endfor %}
    {%- set lead = landed('salesforce', 'lead', in_demo=false) %}
    union all

    select
        'contact' as landed_table,
        1 as landed,
        0 as staged
    from {{ landed_from(lead) }}
    where
        {{ live_rows(lead) }}
        and {{ field(lead, 'converted_contact_id') }} is not null
)

select
    landed_table,
    sum(landed) as landed_rows,
    sum(staged) as staged_rows
from counted
group by landed_table
having sum(landed) <> sum(staged)
