{#- A person named by id, external id or e-mail, in that order of trust. Every row of `rows`
    (with columns crm_contact_ref, external_contact_ref, email_key) is kept. -#}
{% macro match_contact_joins(rows) -%}
{%- set keys = ref('int_crm__contact_keys') -%}
left join {{ keys }} as by_id
        on by_id.match_kind = 'id' and {{ rows }}.crm_contact_ref = by_id.match_key
    left join {{ keys }} as by_external_id
        on by_external_id.match_kind = 'external_id' and {{ rows }}.external_contact_ref = by_external_id.match_key
    left join {{ keys }} as by_crm_id
        on by_crm_id.match_kind = 'id' and {{ rows }}.external_contact_ref = by_crm_id.match_key
    left join {{ keys }} as by_email
        on by_email.match_kind = 'email' and {{ rows }}.email_key = by_email.match_key
{%- endmacro %}

{% macro matched_contact(column) -%}
coalesce(by_id.{{ column }}, by_external_id.{{ column }}, by_crm_id.{{ column }}, by_email.{{ column }})
{%- endmacro %}

{#- The person's key, matched or not: somebody the CRM does not know is still one person. -#}
{% macro matched_contact_key(rows) -%}
coalesce(
            {{ matched_contact('contact_key') }},
            {{ rows }}.email_key,
            {{ contact_key("coalesce(" ~ rows ~ ".crm_contact_ref, " ~ rows ~ ".external_contact_ref)") }}
        )
{%- endmacro %}

{% macro match_method(rows) -%}
case
            when by_id.contact_id is not null then 'id'
            when coalesce(by_external_id.contact_id, by_crm_id.contact_id) is not null then 'external_id'
            when by_email.contact_id is not null then 'email'
            when coalesce({{ rows }}.crm_contact_ref, {{ rows }}.external_contact_ref, {{ rows }}.email_key) is not null
                then 'unmatched'
            else 'anonymous'
        end
{%- endmacro %}

{#- The role and account a matched contact had at a moment (then_roles) and has now
    (current_roles), for rows with a contact_id. -#}
{% macro contact_role_joins(rows, moment) -%}
left join {{ ref('int_crm__contact_role_versions') }} as then_roles
        on
            {{ rows }}.contact_id = then_roles.contact_id
            and {{ valid_at('then_roles', rows ~ '.' ~ moment) }}
    left join {{ ref('int_crm__contact_role_versions') }} as current_roles
        on {{ rows }}.contact_id = current_roles.contact_id and current_roles.valid_from is null
{%- endmacro %}
