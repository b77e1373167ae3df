{#- [domain, entity] of every *_checked model: a new one is a new line here, and is then gathered,
    counted, held to the threshold and to conservation. 'attributes': what it describes is there whatever
    its attributes say, so one that cannot be is set aside alone, named by the model's attribute_reason. 'people': its keys name persons,
    so in public they are keyed hashes. -#}
{% macro checked_entities() %}
    {{ return([
        ['survey', 'responses'],
        ['survey', 'invitations'],
        ['survey', 'case_records'],
        ['crm', 'accounts', 'attributes'],
        ['crm', 'account_merges'],
        ['crm', 'account_parents'],
        ['crm', 'account_versions'],
        ['crm', 'contacts', 'attributes', 'people'],
        ['crm', 'contact_merges', 'people'],
        ['crm', 'contact_versions', 'people'],
        ['crm', 'contact_roles', 'people'],
        ['crm', 'crm_users', 'attributes'],
        ['crm', 'activities'],
        ['crm', 'opportunities'],
        ['crm', 'root_cause_analyses'],
        ['support', 'tickets'],
        ['support', 'ticket_events'],
        ['support', 'ticket_sla_targets'],
        ['support', 'schedules'],
        ['support', 'schedule_holidays'],
        ['support', 'agents', 'attributes'],
        ['support', 'support_teams', 'attributes'],
        ['usage', 'usage_days', 'people'],
        ['usage', 'features', 'attributes'],
        ['usage', 'product_accounts', 'attributes'],
        ['usage', 'product_users', 'attributes', 'people'],
        ['billing', 'billing_customers', 'attributes'],
        ['billing', 'subscriptions'],
        ['billing', 'invoices'],
        ['employee', 'employees', 'attributes', 'people'],
        ['employee', 'teams', 'attributes'],
        ['employee', 'team_parents'],
        ['health', 'overrides'],
    ]) }}
{% endmacro %}

{#- What is set aside, in the order of checked_entities: {domain, entity, relation, reason, condition, is_of_people}. Attributes of accounts are an
    entity of their own, account_attributes: a second look at rows that are counted as accounts. -#}
{% macro set_aside_entities() %}
    {%- set found = [] -%}
    {%- for checked in checked_entities() -%}
        {%- set domain, entity = checked[0], checked[1] -%}
        {%- set relation = ref('int_' ~ domain ~ '__' ~ entity ~ '_checked') -%}
        {%- do found.append({'domain': domain, 'entity': entity, 'relation': relation, 'reason': 'quarantine_reason', 'condition': 'true', 'is_of_people': 'people' in checked}) -%}
        {%- if 'attributes' in checked -%}
            {%- do found.append({
                'domain': domain, 'entity': attributes_of(entity), 'relation': relation, 'reason': 'attribute_reason',
                'condition': 'quarantine_reason is null', 'is_of_people': 'people' in checked,
            }) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}

{% macro attributes_of(entity) %}{{ return(entity[:-1] ~ '_attributes') }}{% endmacro %}

{#- When a row's payload is kept: something of it is set aside. -#}
{% macro is_set_aside() %}{{ return('quarantine_reason is not null or attribute_reason is not null') }}{% endmacro %}
