-- If decision-makers had 70 % of the voice of every account: whose NPS would change its sign, and
-- whose health its band? On DuckDB only: the voc_ functions are the Python weighting layer.
with role_nps as (

    select * from {{ ref('account_role_nps') }}
    where period_end = {{ as_of_date_sql() }} and role_weight is not null

),

health_signals as (

    select * from {{ ref('account_health_signals') }} where period_end = {{ as_of_date_sql() }}

),

accounts as (

    select * from {{ ref('account_health_latest') }}

),

other_roles as (

    select
        account_id,
        sum(role_weight) as role_weight
    from role_nps
    where contact_role <> 'decision_maker'
    group by account_id

),

-- the other roles share what is left as before
reweighted as (

    select
        role_nps.*,
        case
            when role_nps.contact_role = 'decision_maker' then 0.7
            else 0.3 * role_nps.role_weight / other_roles.role_weight
        end as new_weight
    from role_nps
    left join other_roles on role_nps.account_id = other_roles.account_id

),

voices as (

    select
        account_id,
        voc_account_nps(list(nps order by seniority), list(role_weight order by seniority)) as account_nps,
        voc_account_nps(list(nps order by seniority), list(new_weight order by seniority)) as new_account_nps
    from reweighted
    group by account_id

),

pillars as (

    select
        health_signals.account_id,
        health_signals.pillar,
        health_signals.pillar_weight,
        voc_weighted_score(
            list(
                case
                    -- no role known: pooled, whatever the weights
                    when health_signals.signal = 'account_nps' and voices.new_account_nps is not null
                        then voc_signal_score(voices.new_account_nps, health_signals.score_0_at, health_signals.score_100_at)
                    else health_signals.signal_score
                end
                order by health_signals.signal
            ),
            list(health_signals.signal_weight order by health_signals.signal)
        ) as new_score
    from health_signals
    left join voices on health_signals.account_id = voices.account_id
    group by health_signals.account_id, health_signals.pillar, health_signals.pillar_weight

),

scores as (

    select
        account_id,
        voc_weighted_score(list(new_score order by pillar), list(pillar_weight order by pillar)) as new_health_score
    from pillars
    group by account_id

),

compared as (

    select
        accounts.account_name,
        accounts.arr,
        voices.account_nps,
        voices.new_account_nps,
        accounts.health_score,
        scores.new_health_score,
        accounts.health_band,
        voc_health_band(scores.new_health_score, accounts.score_coverage) as new_health_band
    from accounts
    inner join scores on accounts.account_id = scores.account_id
    left join voices on accounts.account_id = voices.account_id

)

select * from compared
where sign(account_nps) <> sign(new_account_nps) or health_band <> new_health_band
order by arr desc nulls last, account_name
