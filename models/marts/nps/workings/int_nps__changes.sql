-- Grain: one row per period end, what it is compared with (month, quarter, year) and scope. Windows share
-- votes, so a change is judged by what each account did to it: see int_nps__account_votes.
{{ config(materialized='table') }}

with clusters as (

    select * from {{ ref('int_nps__clusters') }}

),

account_votes as (

    select * from {{ ref('int_nps__account_votes') }}

),

compared_days as (

    select period_end, previous_period_end as before_date, 'month' as comparison from {{ ref('int_periods') }}
    union all
    select period_end, quarter_before as before_date, 'quarter' as comparison from {{ ref('int_periods') }}
    union all
    select period_end, year_before as before_date, 'year' as comparison from {{ ref('int_periods') }}

),

-- accounts that speak in both windows: only their products cannot be had from one window alone
shared as (

    select
        days.period_end,
        days.comparison,
        newer.scope_type,
        newer.scope_value,
        count(*) as accounts,
        {{ total('case when newer.vote_mark = older.vote_mark then 1 else 0 end') }} as unchanged_accounts,
        {{ as_double(total('newer.net_promoters * older.net_promoters')) }} as net_net,
        {{ as_double(total('newer.net_promoters * older.responses')) }} as net_n,
        {{ as_double(total('newer.responses * older.net_promoters')) }} as n_net,
        {{ as_double(total('newer.responses * older.responses')) }} as n_n
    from compared_days as days
    inner join account_votes as newer on days.period_end = newer.counted_on
    inner join account_votes as older
        on
            days.before_date = older.counted_on
            and newer.scope_type = older.scope_type
            and newer.scope_value = older.scope_value
            and newer.account_key = older.account_key
    group by 1, 2, 3, 4

),

-- An account moved the score by c = (net2 - m * n2) / N2 - (net1 - m * n1) / N1, m the mean of both scores as shares: c is
-- a - m * b, and the sum of its squares needs those of a and b alone.
changes as (

    select
        days.period_end,
        days.comparison,
        newer.scope_type,
        newer.scope_value,
        newer.net / newer.n - older.net / older.n as change,
        (newer.net / newer.n + older.net / older.n) / 2 as middle,
        newer.net_net / (newer.n * newer.n) + older.net_net / (older.n * older.n)
        - 2 * coalesce(shared.net_net, 0) / (newer.n * older.n) as a_a,
        newer.net_n / (newer.n * newer.n) + older.net_n / (older.n * older.n)
        - (coalesce(shared.net_n, 0) + coalesce(shared.n_net, 0)) / (newer.n * older.n) as a_b,
        newer.n_n / (newer.n * newer.n) + older.n_n / (older.n * older.n)
        - 2 * coalesce(shared.n_n, 0) / (newer.n * older.n) as b_b,
        newer.accounts + older.accounts - coalesce(shared.accounts, 0) - coalesce(shared.unchanged_accounts, 0) as changed_accounts
    from compared_days as days
    inner join clusters as newer on days.period_end = newer.counted_on
    inner join clusters as older
        on
            days.before_date = older.counted_on
            and newer.scope_type = older.scope_type
            and newer.scope_value = older.scope_value
    left join shared
        on
            days.period_end = shared.period_end
            and days.comparison = shared.comparison
            and newer.scope_type = shared.scope_type
            and newer.scope_value = shared.scope_value

),

standardised as (

    select
        *,
        case
            when changed_accounts > 0 and a_a - 2 * middle * a_b + middle * middle * b_b > 0
                then {{ twelve_decimals('change / sqrt(a_a - 2 * middle * a_b + middle * middle * b_b)') }}
        end as change_z
    from changes

),

-- A change that few accounts made is no test, and the company is no scope among others.
tested as (

    select
        *,
        coalesce(changed_accounts >= 10 and change_z is not null, false) as is_testable,
        case
            when changed_accounts >= 10 and scope_type <> 'company' then abs(change_z)
        end as size_among_scopes
    from standardised

),

ranked as (

    select
        *,
        count(size_among_scopes) over (partition by period_end, comparison) as tests,
        case
            when size_among_scopes is not null
                then
                    row_number() over (
                        partition by period_end, comparison
                        order by size_among_scopes desc nulls last, scope_type, {{ byte_order('scope_value') }}
                    )
        end as place
    from tested

),

-- the last place that passes takes all places before it along
judged as (

    select
        ranked.*,
        max(case when {{ six_decimals('ranked.size_among_scopes') }} >= critical.critical_z then ranked.place end) over (
            partition by ranked.period_end, ranked.comparison
        ) as last_discovery
    from ranked
    left join {{ ref('critical_changes') }} as critical
        on
            least(ranked.tests, 50) = critical.comparisons
            and case
                when ranked.tests > 50 then floor(ranked.place * 50.0 / ranked.tests) else ranked.place
            end = critical.rank

)

select
    period_end,
    comparison,
    scope_type,
    scope_value,
    100.0 * change as nps_change,
    change_z,
    changed_accounts,
    is_testable and {{ six_decimals('abs(change_z)') }} >= {{ z_score() }} as is_significant,
    case when scope_type <> 'company' then coalesce(place <= last_discovery, false) end as is_significant_adjusted
from judged
