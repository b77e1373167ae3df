-- One row per period end and account: what the account did to the company NPS since the period before, by the
-- contributions of int_nps__changes: (net2 - m * n2) / N2 - (net1 - m * n1) / N1, m the mean of both scores as
-- shares. They sum to the change. Votes that belong to no account are one row without an account.
{%- set change = exact('contribution_after') ~ ' - ' ~ exact('contribution_before') %}

with windows as (

    select
        periods.period_end,
        coalesce(votes.contact_key, votes.response_id) as person,
        votes.account_id,
        case votes.nps_class when 'promoter' then 1 when 'passive' then 0 else -1 end as vote,
        case when votes.counts_from <= periods.period_end and periods.period_end < votes.counts_until then 1 else 0 end as in_newer,
        case
            when votes.counts_from <= periods.previous_period_end and periods.previous_period_end < votes.counts_until then 1 else 0
        end as in_older
    from {{ ref('int_nps__votes') }} as votes
    inner join {{ ref('int_periods') }} as periods
        on votes.counts_from <= periods.period_end and periods.previous_period_end < votes.counts_until

),

-- whoever speaks in both windows stays, also with another vote or for another account
people as (

    select
        *,
        case
            when max(in_newer) over (partition by period_end, person) = 0 then 'leavers'
            when max(in_older) over (partition by period_end, person) = 0 then 'joiners'
            else 'stayers'
        end as kind
    from windows
    where in_newer + in_older > 0

),

totals as (

    select
        period_end,
        {{ as_double('sum(in_newer)') }} as all_after,
        {{ as_double('sum(in_older)') }} as all_before,
        (
            {{ share_of('sum(in_newer * vote)', 'sum(in_newer)') }} + {{ share_of('sum(in_older * vote)', 'sum(in_older)') }}
        ) / 2 as middle
    from people
    group by 1

),

-- whole numbers first, so that the order of people does not matter
parts as (

    select
        period_end,
        account_id,
        kind,
        {{ total('in_newer') }} as votes_after,
        {{ total('in_newer * vote') }} as net_after,
        {{ total('in_older') }} as votes_before,
        {{ total('in_older * vote') }} as net_before
    from people
    group by 1, 2, 3

),

contributions as (

    select
        parts.*,
        100.0 * (parts.net_after - totals.middle * parts.votes_after) / totals.all_after as contribution_after,
        100.0 * (parts.net_before - totals.middle * parts.votes_before) / totals.all_before as contribution_before
    from parts
    inner join totals on parts.period_end = totals.period_end
    where totals.all_after > 0 and totals.all_before > 0

),

moves as (

    select
        period_end,
        account_id,
        {{ total('votes_after') }} as responses,
        {{ as_double('sum(' ~ exact('contribution_before') ~ ')') }} as contribution_before,
        {{ as_double('sum(' ~ exact('contribution_after') ~ ')') }} as contribution_after,
        {%- for kind in ['stayers', 'joiners', 'leavers'] %}
        {{ as_double("sum(case when kind = '" ~ kind ~ "' then " ~ change ~ ' else 0 end)') }} as {{ kind }},
        {%- endfor %}
        {{ as_double('sum(' ~ change ~ ')') }} as contribution_change
    from contributions
    group by 1, 2

)

select
    moves.period_end,
    moves.account_id,
    moves.responses,
    moves.contribution_before,
    moves.contribution_after,
    moves.contribution_change,
    moves.stayers,
    moves.joiners,
    moves.leavers,
    account_nps.arr,
    cast(
        row_number() over (
            partition by moves.period_end
            order by
                {{ six_decimals('abs(moves.contribution_change)') }} desc,
                account_nps.arr desc nulls last,
                {{ byte_order('moves.account_id') }} nulls last
        ) as {{ sql_type('bigint') }}
    ) as rank
from moves
left join {{ ref('account_nps') }} as account_nps
    on moves.period_end = account_nps.period_end and moves.account_id = account_nps.account_id
