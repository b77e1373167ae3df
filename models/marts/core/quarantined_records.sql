{#- Every *_checked model, by domain and entity: a new one is a new line here. #}
{%- set checked = [
    ('survey', 'responses'),
    ('survey', 'invitations'),
    ('survey', 'case_records'),
    ('crm', 'accounts'),
    ('crm', 'account_merges'),
    ('crm', 'account_parents'),
    ('crm', 'account_versions'),
    ('crm', 'contacts'),
    ('crm', 'contact_versions'),
    ('crm', 'contact_roles'),
    ('crm', 'crm_users'),
    ('crm', 'activities'),
    ('crm', 'opportunities'),
    ('crm', 'root_cause_analyses'),
    ('support', 'tickets'),
    ('support', 'ticket_events'),
    ('support', 'ticket_sla_targets'),
    ('support', 'schedules'),
    ('support', 'schedule_holidays'),
    ('usage', 'usage_days'),
    ('usage', 'features'),
    ('usage', 'product_accounts'),
    ('usage', 'product_users'),
    ('billing', 'billing_customers'),
    ('billing', 'subscriptions'),
    ('billing', 'invoices'),
    ('employee', 'employees'),
    ('employee', 'teams'),
    ('health', 'overrides'),
] -%}

{%- for domain, entity in checked %}
{{ 'union all\n' if not loop.first }}select
    source_vendor,
    '{{ domain }}' as source_name,
    '{{ entity }}' as entity,
    record_id,
    quarantine_reason as reason,
    payload,
    cast({{ as_of_date_sql() }} as {{ dbt.type_timestamp() }}) as detected_at
from {{ ref('int_' ~ domain ~ '__' ~ entity ~ '_checked') }}
where quarantine_reason is not null
{% endfor %}
