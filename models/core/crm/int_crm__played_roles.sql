-- Grain: one row per contact and account on which the contact plays a part that policy knows. A part on the account itself comes before one
-- on a deal, a primary one before others, then the newest.
with played as (

    select
        roles.contact_id,
        roles.resolved_account_id as account_id,
        role_texts.contact_role,
        roles.role_origin,
        row_number() over (
            partition by roles.contact_id, roles.resolved_account_id
            order by
                case roles.role_origin when 'account' then 1 else 2 end,
                case when roles.is_primary then 1 else 2 end,
                roles.created_at desc nulls last,
                roles.role_name nulls last
        ) as role_number
    from {{ ref('int_crm__contact_roles_checked') }} as roles
    inner join {{ ref('int_crm__role_texts') }} as role_texts
        on role_texts.applies_to = 'crm_role' and roles.role_name = role_texts.role_text
    where roles.quarantine_reason is null

)

select
    contact_id,
    account_id,
    contact_role,
    role_origin
from played
where role_number = 1
