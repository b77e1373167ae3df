-- Grain: one row per period end and account whose voice alone can take its health score over the
-- nearest edge of its band (at equal distance the lower one): the fewest NPS answers that have to
-- go from one end of the scale to the other, those that move most first.
{{ config(materialized='table') }}

with signal_scores as (

    select * from {{ ref('int_health__signal_scores') }} where signal = 'account_nps' and signal_score is not null

),

pillar_scores as (

    select * from {{ ref('int_health__pillar_scores') }} where {{ coverage_is_enough('score_coverage', 'min_score_coverage') }}

),

bands as (

    select * from {{ ref('int_policy__bands') }}

),

edges as (

    select
        signals.*,
        pillars.health_score,
        {{ signal_share('signals', 'pillars') }} as signal_share,
        bands.score_from,
        bands.score_below,
        bands.band_below,
        bands.band_above,
        bands.score_below is null
        or {{ six_decimals('pillars.health_score') }} - bands.score_from
        <= bands.score_below - {{ six_decimals('pillars.health_score') }} as is_lower_nearest
    from signal_scores as signals
    inner join pillar_scores as pillars
        on signals.period_end = pillars.period_end and signals.account_id = pillars.account_id
    inner join bands on pillars.period_end = bands.period_end and {{ in_band('pillars.health_score', 'bands') }}

),

moves as (

    select
        period_end,
        account_id,
        case when is_lower_nearest then band_below else band_above end as nearest_band,
        {{ nps_move_to_edge('case when is_lower_nearest then score_from else score_below end') }} as nps_move
    from edges

),

steps as (

    select 200 as points
    union all
    select 100 as points

),

-- answers of a role at the end they would leave, and those in the middle of the scale
answers as (

    select
        moves.period_end,
        moves.account_id,
        moves.nearest_band,
        abs(moves.nps_move) as nps_distance,
        roles.contact_role,
        steps.points,
        case
            when steps.points = 100 then roles.passives
            when moves.nps_move < 0 then roles.promoters
            else roles.detractors
        end as answers,
        {{ nps_effect_of_answer('steps.points', 'roles', 'accounts') }} as effect
    from moves
    inner join {{ ref('account_role_nps') }} as roles
        on moves.period_end = roles.period_end and moves.account_id = roles.account_id
    inner join {{ ref('account_nps') }} as accounts
        on moves.period_end = accounts.period_end and moves.account_id = accounts.account_id
    cross join steps
    where
        moves.nps_move is not null
        and roles.responses > 0
        and (roles.role_weight > 0 or accounts.role_weight_coverage is null)

),

ranked as (

    select
        *,
        sum(answers) over (
            partition by period_end, account_id order by effect desc, {{ byte_order('contact_role') }}, points desc
        ) as answers_so_far,
        sum({{ exact('answers * effect') }}) over (
            partition by period_end, account_id order by effect desc, {{ byte_order('contact_role') }}, points desc
        ) as distance_so_far
    from answers
    where answers > 0

)

select
    period_end,
    account_id,
    nearest_band,
    min(
        cast(answers_so_far as {{ dbt.type_bigint() }})
        - cast(floor(({{ as_double('distance_so_far') }} - nps_distance) / effect) as {{ dbt.type_bigint() }})
    ) as answers_to_change_band
from ranked
where
    {{ as_double('distance_so_far') }} >= nps_distance
    and {{ as_double('distance_so_far') }} - answers * effect < nps_distance
group by period_end, account_id, nearest_band
