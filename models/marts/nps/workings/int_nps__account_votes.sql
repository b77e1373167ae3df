-- Grain: one row per day that a period is counted on or compared with, scope and account: the votes of
-- the account that count there. People of one account are no independent people, and windows share
-- their votes: spread and changes of NPS are those of these rows. Who has no account is one of their own.
-- vote_mark: equal where the same people say the same.
{{ config(materialized='table') }}

with days as (

    select period_end as counted_on from {{ ref('int_periods') }}
    union distinct
    select quarter_before as counted_on from {{ ref('int_periods') }}
    union distinct
    select year_before as counted_on from {{ ref('int_periods') }}

),

votes as (

    select
        days.counted_on,
        {{ cluster_key('response_id', 'votes') }} as account_key,
        votes.segment,
        votes.region,
        votes.contact_role,
        case votes.nps_class when 'promoter' then 1 when 'passive' then 0 else -1 end as vote,
        {{ row_mark(['coalesce(votes.contact_key, votes.response_id)', 'votes.nps_class']) }} as vote_mark
    from {{ ref('int_nps__votes') }} as votes
    inner join days on votes.counts_from <= days.counted_on and days.counted_on < votes.counts_until

),

scoped as (

    {{ in_scopes('votes', {'segment': 'segment', 'region': 'region', 'role': 'contact_role'}) }}

)

select
    counted_on,
    scope_type,
    scope_value,
    account_key,
    count(*) as responses,
    {{ total('vote') }} as net_promoters,
    {{ total('abs(vote)') }} as decided_votes,
    {{ total('vote_mark') }} as vote_mark
from scoped
group by 1, 2, 3, 4
