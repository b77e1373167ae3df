-- Grain: one row per distinct title or CRM role text, with the role of the first rule that
-- matches it. Texts without a match are absent.
{{ config(materialized='table') }}

with texts as (

    select 'title' as applies_to, title as role_text from {{ ref('int_crm__contacts_unioned') }}
    union distinct
    select 'title' as applies_to, title as role_text from {{ ref('int_crm__contact_versions_unioned') }}
    union distinct
    select 'crm_role' as applies_to, crm_role as role_text from {{ ref('int_crm__contacts_unioned') }}
    union distinct
    select 'crm_role' as applies_to, crm_role as role_text from {{ ref('int_crm__contact_versions_unioned') }}
    union distinct
    select 'crm_role' as applies_to, role_name as role_text from {{ ref('int_crm__contact_roles_unioned') }}

),

words as (

    select
        applies_to,
        role_text,
        {{ role_words('role_text') }} as role_words
    from texts
    where role_text is not null

),

rules as (

    select
        applies_to,
        rule_order,
        match_type,
        {{ role_words('pattern') }} as pattern,
        contact_role
    from {{ ref('title_roles') }}

),

ranked as (

    select
        words.applies_to,
        words.role_text,
        rules.contact_role,
        row_number() over (
            partition by words.applies_to, words.role_text
            order by rules.rule_order
        ) as rule_number
    from words
    inner join rules
        on
            words.applies_to = rules.applies_to
            and {{ role_rule_matches('rules.match_type', 'rules.pattern', 'words.role_words') }}

)

select
    applies_to,
    role_text,
    contact_role
from ranked
where rule_number = 1
