{{ config(enabled=is_listed('survey', 'zendesk')) }}
-- Claim: a newer survey is staged once and once for each further rating in it, an answer without a
-- survey once, and an older rating once, but for those not offered and those of a ticket that has a
-- newer survey. Where neither table is landed the changes of the ticket stand in and nothing is claimed.
{%- set rating = landed('zendesk', 'satisfaction_rating') %}
{%- set survey = landed('zendesk', 'ticket_csat_survey', in_demo=false) %}
{%- set answer = landed('zendesk', 'csat_survey_answer', in_demo=false) %}

with surveys as (

    select
        {{ field(survey, 'survey_response_id') }} as survey_key,
        {{ field(survey, 'ticket_id') }} as ticket_id,
        {{ is_deleted(survey) }} as is_deleted
    from {{ landed_from(survey, newest=true) }}
    where
        {{ live_rows(survey, keep_deleted=true) }}

),

answers as (

    select
        {{ field(answer, 'survey_response_id') }} as survey_key,
        sum(
            case
                when
                    {{ fold_case(field(answer, 'type')) }} = 'rating_scale'
                    or ({{ field(answer, 'type') }} is null and {{ field(answer, 'rating') }} is not null)
                    then 1
                else 0
            end
        ) as ratings,
        count(*) as row_count
    from {{ landed_from(answer) }}
    where
        {{ live_rows(answer) }}
    group by 1

),

newer as (

    select coalesce(sum(case when answers.ratings > 0 then answers.ratings else 1 end), 0) as row_count
    from surveys
    left join answers on surveys.survey_key = answers.survey_key
    where not surveys.is_deleted

),

orphans as (

    select coalesce(sum(row_count), 0) as row_count
    from answers
    where not exists (select 1 from surveys where surveys.survey_key = answers.survey_key)

),

ratings as (

    select
        {{ field(rating, 'ticket_id') }} as ticket_id,
        coalesce({{ fold_case(field(rating, 'score')) }}, '') <> 'unoffered' as is_offered
    from {{ landed_from(rating) }}
    where
        {{ live_rows(rating) }}

),

older as (

    select count(*) as row_count
    from ratings
    where
        is_offered
        and not exists (select 1 from surveys where surveys.ticket_id = ratings.ticket_id and not surveys.is_deleted)

),

totals as (

    select
        newer.row_count + orphans.row_count + older.row_count as landed,
        (select count(*) from {{ ref('stg_zendesk__ticket_surveys') }}) as staged
    from newer
    cross join orphans
    cross join older

)

select *
from totals
where {{ 'landed <> staged' if rating.exists or survey.exists else '1 = 0' }}
