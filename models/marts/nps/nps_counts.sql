-- The votes behind every NPS, so that any group of them can be summed: scores of groups cannot be averaged, counts can be added.
select
    period_end,
    account_id,
    segment,
    region,
    contact_role,
    responses,
    promoters,
    passives,
    detractors,
    eligible_contacts,
    eligible_respondents,
    asked_contacts,
    asked_respondents,
    is_anonymous
from {{ ref('int_nps__counts') }}
