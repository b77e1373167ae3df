-- Claim: per vendor, what is sound and counts is in the model that publishes it, once. Of what employees answered some is held back.
{%- set published = [
    ('survey', 'responses', 'fct_survey_responses', "is_scored and survey_family <> 'employee'", "survey_family <> 'employee'"),
    ('survey', 'invitations', 'fct_survey_invitations', 'true'),
    ('crm', 'accounts', 'dim_accounts', "not exists (select 1 from " ~ ref('int_crm__account_merges_checked')
        ~ " as links where links.account_id = checked.account_id and links.quarantine_reason is distinct from 'merge_cycle')"),
    ('crm', 'contacts', 'int_crm__contacts', "not exists (select 1 from " ~ ref('int_crm__contact_merges_checked')
        ~ " as links where links.contact_id = checked.contact_id and links.quarantine_reason is null)"),
    ('crm', 'activities', 'int_crm__activities', 'occurred_at is not null and has_happened is not false'),
    ('support', 'tickets', 'fct_tickets', 'is_deleted is not true'),
    ('usage', 'usage_days', 'int_usage__usage_days', 'true'),
    ('billing', 'subscriptions', 'int_billing__subscriptions', '(valid_to is null or valid_to > valid_from)'),
    ('billing', 'invoices', 'fct_invoices', 'is_billed'),
] %}

with counts as (
    {% for row in published %}
    {%- set domain, entity, mart, condition = row[:4] %}
    {{ 'union all' if not loop.first }}
    select
        '{{ entity }}' as entity,
        checked.source_vendor,
        1 as sound,
        0 as published
    from {{ ref('int_' ~ domain ~ '__' ~ entity ~ '_checked') }} as checked
    where checked.quarantine_reason is null and {{ condition }}

    union all

    select
        '{{ entity }}' as entity,
        source_vendor,
        0 as sound,
        1 as published
    from {{ ref(mart) }}
    where {{ row[4] | default('true') }}
    {% endfor %}
)

select
    entity,
    source_vendor,
    sum(sound) as sound,
    sum(published) as published
from counts
group by entity, source_vendor
having sum(sound) <> sum(published)
