-- Claim: per vendor, what is sound and counts is in the model that publishes it, once; what is of employees, or may be, in restricted.
{%- set published = [
    ('survey', 'responses', 'fct_survey_responses', 'is_scored and ' ~ is_of_customers('survey_family')),
    ('survey', 'responses', 'employee_responses', 'is_scored and not ' ~ is_of_customers('survey_family')),
    ('survey', 'invitations', 'fct_survey_invitations', 'is_to_customer'),
    ('survey', 'invitations', 'employee_invitations', 'not is_to_customer'),
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
    {%- set domain, entity, mart, condition = row %}
    {{ 'union all' if not loop.first }}
    select
        '{{ mart }}' as mart,
        checked.source_vendor,
        1 as sound,
        0 as published
    from {{ ref('int_' ~ domain ~ '__' ~ entity ~ '_checked') }} as checked
    where checked.quarantine_reason is null and {{ condition }}

    union all

    select
        '{{ mart }}' as mart,
        source_vendor,
        0 as sound,
        1 as published
    from {{ ref(mart) }}
    {% endfor %}
)

select
    mart,
    source_vendor,
    sum(sound) as sound,
    sum(published) as published
from counts
group by mart, source_vendor
having sum(sound) <> sum(published)
