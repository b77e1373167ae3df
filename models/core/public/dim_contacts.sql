with contacts as (

    select * from {{ ref('int_crm__contacts') }} where is_person

),

-- people who answered or were asked and whom the CRM does not know
respondents as (

    select
        contact_key,
        account_id,
        responded_at as seen_at
    from {{ ref('int_survey__responses') }}
    where contact_key is not null

    union all

    select
        contact_key,
        account_id,
        sent_at as seen_at
    from {{ ref('int_survey__invitations_checked') }}
    where contact_key is not null and quarantine_reason is null and is_to_customer

),

strangers as (

    select
        respondents.contact_key,
        respondents.account_id,
        respondents.seen_at,
        row_number() over (
            partition by respondents.contact_key
            order by respondents.seen_at desc, {{ byte_order('respondents.account_id') }} nulls last
        ) as sighting
    from respondents
    left join contacts on respondents.contact_key = contacts.contact_key
    where contacts.contact_key is null

)

select
    contact_key,
    account_id,
    contact_role,
    role_source,
    not is_gone as is_active,
    is_champion,
    left_at,
    is_opted_out,
    true as is_in_crm,
    created_at,
    attributes_set_aside
from contacts

union all

select
    contact_key,
    account_id,
    'unknown' as contact_role,
    'none' as role_source,
    true as is_active,
    false as is_champion,
    cast(null as {{ dbt.type_timestamp() }}) as left_at,
    false as is_opted_out,
    false as is_in_crm,
    cast(null as {{ dbt.type_timestamp() }}) as created_at,
    cast(null as {{ dbt.type_string() }}) as attributes_set_aside
from strangers
where sighting = 1
