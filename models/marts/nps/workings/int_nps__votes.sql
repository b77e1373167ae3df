-- Grain: one row per relationship NPS answer that is the vote of its session. One person has one vote: an answer counts from
-- its day (counts_from) until the person answers again or the window has passed over it
-- (counts_until, exclusive). So the votes at a period end are those with
-- counts_from <= period_end < counts_until. An anonymous answer is a vote of its own.
{{ config(materialized='table') }}

with answers as (

    select
        *,
        lead(responded_date) over (
            partition by coalesce(contact_key, 'anonymous ' || response_id)
            order by responded_at, loaded_at nulls first, response_id
        ) as replaced_on
    from {{ ref('int_survey__responses') }}
    where is_vote

),

votes as (

    select
        *,
        {{ add_days('responded_date', whole_number('nps_window_days')) }} as lapses_on
    from answers

)

select
    response_id,
    contact_key,
    is_anonymous,
    case when not is_anonymous then account_id end as account_id,
    case when not is_anonymous then contact_role end as contact_role,
    case when not is_anonymous then segment end as segment,
    case when not is_anonymous then region end as region,
    nps_class,
    responded_date as counts_from,
    case when replaced_on < lapses_on then replaced_on else lapses_on end as counts_until
from votes
