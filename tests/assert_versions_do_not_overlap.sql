-- Claim: at every moment an account and a contact have at most one version.
{%- for model, key in [('int_crm__account_versions_checked', 'account_id'), ('int_crm__contact_versions_checked', 'contact_id')] %}
{{ 'union all' if not loop.first }}
select
    earlier.{{ key }} as entity_id,
    earlier.valid_from
from {{ ref(model) }} as earlier
inner join {{ ref(model) }} as later
    on
        earlier.{{ key }} = later.{{ key }}
        and earlier.valid_from < later.valid_from
        and (earlier.closed_at is null or earlier.closed_at > later.valid_from)
where earlier.quarantine_reason is null and later.quarantine_reason is null
{%- endfor %}
