-- Grain: one row per period end, account, role, segment, region and anonymity, with the votes
-- of the window, the people who could have voted and those who were asked. Every NPS mart sums these rows.
-- account_id and role are null for anonymous votes (company figures only).
{{ config(materialized='table') }}

with asked as (

    select
        periods.period_end,
        asks.contact_key,
        asks.account_id,
        asks.contact_role
    from {{ ref('int_nps__asks') }} as asks
    inner join {{ ref('int_periods') }} as periods
        on asks.counts_from <= periods.period_end and periods.period_end < asks.counts_until

),

votes as (

    select
        periods.period_end,
        votes.contact_key,
        votes.account_id,
        votes.contact_role,
        votes.segment,
        votes.region,
        votes.is_anonymous,
        votes.nps_class
    from {{ ref('int_nps__votes') }} as votes
    inner join {{ ref('int_periods') }} as periods
        on votes.counts_from <= periods.period_end and periods.period_end < votes.counts_until

),

contacts as (

    select * from {{ ref('int_crm__contact_periods') }}

),

account_periods as (

    select * from {{ ref('int_crm__account_periods') }}

),

-- who voted counts in the account and role of the vote, who did not in those of the day
silent_contacts as (

    select
        contacts.period_end,
        contacts.contact_key,
        contacts.account_id,
        contacts.contact_role,
        account_periods.segment,
        account_periods.region,
        false as is_anonymous,
        cast(null as {{ dbt.type_string() }}) as nps_class
    from contacts
    left join votes
        on contacts.period_end = votes.period_end and contacts.contact_key = votes.contact_key
    left join account_periods
        on contacts.period_end = account_periods.period_end and contacts.account_id = account_periods.account_id
    where votes.contact_key is null and contacts.account_id is not null

),

known_people as (

    select * from votes
    union all
    select * from silent_contacts

),

people as (

    select
        known_people.*,
        asked.contact_key is not null as is_asked,
        not known_people.is_anonymous as could_answer
    from known_people
    left join asked
        on known_people.period_end = asked.period_end and known_people.contact_key = asked.contact_key

    union all

    -- who was asked, did not answer and is gone by now counts in the account and role of the ask
    select
        asked.period_end,
        asked.contact_key,
        asked.account_id,
        asked.contact_role,
        account_periods.segment,
        account_periods.region,
        false as is_anonymous,
        cast(null as {{ dbt.type_string() }}) as nps_class,
        true as is_asked,
        false as could_answer
    from asked
    left join known_people
        on asked.period_end = known_people.period_end and asked.contact_key = known_people.contact_key
    left join account_periods
        on asked.period_end = account_periods.period_end and asked.account_id = account_periods.account_id
    where known_people.contact_key is null

),

-- accounts that are not surveyed by form leave every denominator of people
by_form as (

    select
        people.*,
        coalesce(accounts.no_nps_form, false) as has_no_form
    from people
    left join {{ ref('int_crm__accounts') }} as accounts on people.account_id = accounts.account_id

)

select
    period_end,
    account_id,
    contact_role,
    segment,
    region,
    is_anonymous,
    count(nps_class) as responses,
    {{ total("case when nps_class = 'promoter' then 1 else 0 end") }} as promoters,
    {{ total("case when nps_class = 'passive' then 1 else 0 end") }} as passives,
    {{ total("case when nps_class = 'detractor' then 1 else 0 end") }} as detractors,
    {{ total("case when could_answer and not has_no_form then 1 else 0 end") }} as eligible_contacts,
    {{ total("case when could_answer and not has_no_form and nps_class is not null then 1 else 0 end") }} as eligible_respondents,
    {{ total("case when is_asked and not has_no_form then 1 else 0 end") }} as asked_contacts,
    {{ total("case when is_asked and not has_no_form and nps_class is not null then 1 else 0 end") }} as asked_respondents
from by_form
group by 1, 2, 3, 4, 5, 6
