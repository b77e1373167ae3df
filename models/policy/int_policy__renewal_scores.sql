-- Grain: one row per period end and renewal status (lower case) that has a score on it.
with renewal_scores as (

    select
        *,
        {{ fold_case(trimmed('renewal_status')) }} as status
    from {{ ref('renewal_status_scores') }}

),

score_sets as (

    {{ row_sets('renewal_scores', 'status') }}

)

select
    periods.period_end,
    score_sets.status as renewal_status,
    renewal_scores.score,
    score_sets.valid_from
from {{ ref('int_periods') }} as periods
inner join score_sets on {{ counts_on('score_sets', 'periods.period_end') }}
inner join renewal_scores
    on score_sets.status = renewal_scores.status and score_sets.valid_from = renewal_scores.valid_from
