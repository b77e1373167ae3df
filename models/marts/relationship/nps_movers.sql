with account_votes as (

    select
        period_end,
        account_id,
        {{ total('responses') }} as responses,
        {{ total('promoters - detractors') }} as net_promoters
    from {{ ref('account_role_nps') }}
    where responses > 0
    group by 1, 2

),

company as (

    select
        period_end,
        responses
    from {{ ref('company_nps') }}
    where scope_type = 'company'

),

contributions as (

    select
        account_votes.*,
        100.0 * {{ as_double('account_votes.net_promoters') }} / company.responses as contribution
    from account_votes
    inner join company on account_votes.period_end = company.period_end

),

-- who voted in either window moved the score, be it by falling silent
pairs as (

    select
        periods.period_end,
        current_votes.account_id,
        current_votes.responses,
        current_votes.contribution as contribution_after,
        0.0 as contribution_before
    from {{ ref('int_periods') }} as periods
    inner join contributions as current_votes on periods.period_end = current_votes.period_end

    union all

    select
        periods.period_end,
        previous_votes.account_id,
        0 as responses,
        0.0 as contribution_after,
        previous_votes.contribution as contribution_before
    from {{ ref('int_periods') }} as periods
    inner join contributions as previous_votes on periods.previous_period_end = previous_votes.period_end

),

moves as (

    select
        period_end,
        account_id,
        {{ total('responses') }} as responses,
        sum(contribution_before) as contribution_before,
        sum(contribution_after) as contribution_after
    from pairs
    group by 1, 2

)

select
    moves.period_end,
    moves.account_id,
    moves.responses,
    {{ as_double('moves.contribution_before') }} as contribution_before,
    {{ as_double('moves.contribution_after') }} as contribution_after,
    {{ as_double('moves.contribution_after - moves.contribution_before') }} as contribution_change,
    account_nps.arr,
    cast(
        row_number() over (
            partition by moves.period_end
            order by
                cast(abs(moves.contribution_after - moves.contribution_before) as numeric(18, 6)) desc,
                account_nps.arr desc nulls last,
                {{ byte_order('moves.account_id') }}
        ) as {{ sql_type('bigint') }}
    ) as rank
from moves
left join {{ ref('account_nps') }} as account_nps
    on moves.period_end = account_nps.period_end and moves.account_id = account_nps.account_id
