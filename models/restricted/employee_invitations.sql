-- Grain: one row per sound invitation that went to an employee, or of which nothing says to whom it went.
select
    invitation_id,
    survey_id,
    source_vendor,
    purpose_family as survey_family,
    team_id,
    is_delivered,
    sent_at,
    responded_at
from {{ ref('int_survey__invitations_checked') }}
where quarantine_reason is null and not is_to_customer
