-- Grain: one row per period end, account, role, segment, region and anonymity, with the votes
-- of the window and the people who could have voted. Every NPS mart sums these rows.
-- account_id and role are null for anonymous votes (company figures only).
{{ config(materialized='table') }}

with votes as (

    select
        periods.period_end,
        votes.contact_key,
        votes.account_id,
        votes.contact_role,
        votes.segment,
        votes.region,
        votes.is_anonymous,
        votes.nps_class
    from {{ ref('int_survey__nps_votes') }} as votes
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

people as (

    select * from votes
    union all
    select * from silent_contacts

)

select
    people.period_end,
    people.account_id,
    people.contact_role,
    people.segment,
    people.region,
    people.is_anonymous,
    count(people.nps_class) as responses,
    {{ total("case when people.nps_class = 'promoter' then 1 else 0 end") }} as promoters,
    {{ total("case when people.nps_class = 'passive' then 1 else 0 end") }} as passives,
    {{ total("case when people.nps_class = 'detractor' then 1 else 0 end") }} as detractors,
    {{ total("case when people.is_anonymous or accounts.no_nps_form then 0 else 1 end") }} as eligible_contacts,
    {{ total("case when people.nps_class is null or people.is_anonymous or accounts.no_nps_form then 0 else 1 end") }}
        as eligible_respondents
from people
left join {{ ref('int_crm__accounts') }} as accounts on people.account_id = accounts.account_id
group by 1, 2, 3, 4, 5, 6
