-- Grain: one sound activity that happened: one with a time, of which nobody says that it has not.
-- account_id is null where it is with no customer.
select
    source_vendor,
    activity_id,
    account_id,
    contact_key,
    owner_id,
    coalesce(activity_type, 'other') as activity_type,
    coalesce(is_outbound, false) as is_outbound,
    coalesce(is_automated, false) as is_automated,
    occurred_at,
    rating,
    loaded_at
from {{ ref('int_crm__activities_checked') }}
where quarantine_reason is null and occurred_at is not null and has_happened is not false
