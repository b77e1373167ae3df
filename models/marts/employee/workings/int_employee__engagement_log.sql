-- Grain: one row per completed month, team, version and respondent_key: what builds measured of a team's month, repeated on a row per
-- respondent. Only a newer version is ever added. A figure of anonymity_min_n people and more stays until as many of them answer
-- otherwise: two figures of one month that differ by one answer would tell it. Hence --full-refresh keeps the log.
-- respondent_key is a keyed hash of the respondent and the answers; null for answers of nobody known, and for a month that is no more.
{{ config(
    materialized='incremental', incremental_strategy='append', full_refresh=false
) }}
{%- set periods = ref('int_periods') %}

with answers as (

    select * from {{ ref('int_employee__engagement_answers') }}

),

respondents as (

    select
        period_end,
        team_id,
        case
            when respondent is not null
                then {{ contact_key(
                    "respondent || ' ' || cast(count(*) as " ~ dbt.type_string() ~ ") || ' ' || cast(sum(" ~ exact('score_pomp') ~ ") as "
                    ~ dbt.type_string() ~ ")"
                ) }}
        end as respondent_key
    from answers
    group by period_end, team_id, respondent

),

scores as (

    select
        period_end,
        team_id,
        count(distinct respondent) as respondents,
        {{ clip('(' ~ exact_mean('score_pomp') ~ ')', '0.0', '100.0') }} as engagement_score
    from answers
    group by period_end, team_id

),

-- sessions that name nobody may be several of one person, but there are no more people than the team had
measured as (

    select
        scores.period_end,
        scores.team_id,
        case when people.people_in_month < scores.respondents then people.people_in_month else scores.respondents end as respondents,
        scores.engagement_score
    from scores
    left join {{ ref('int_employee__team_months') }} as people
        on scores.period_end = people.period_end and scores.team_id = people.team_id

),

{% if is_incremental() -%}

logged as (

    select *
    from (
        select
            *,
            max(version) over (partition by period_end, team_id) as newest_version
        from {{ this }}
    ) as versions
    where
        version = newest_version
        and period_end in (select period_end from {{ periods }} where is_month_end)

),

logged_figures as (

    select
        period_end,
        team_id,
        version,
        respondents,
        engagement_score
    from logged
    group by period_end, team_id, version, respondents, engagement_score

),

-- who answers otherwise is new once and gone once
differences as (

    select
        period_end,
        team_id,
        sum(case when was_there = 0 then 1 else 0 end) as new_keys,
        sum(case when is_there = 0 then 1 else 0 end) as gone_keys
    from (
        select
            period_end,
            team_id,
            respondent_key,
            max(is_there) as is_there,
            max(was_there) as was_there
        from (
            select period_end, team_id, respondent_key, 1 as is_there, 0 as was_there from respondents
            union all
            select period_end, team_id, respondent_key, 0 as is_there, 1 as was_there from logged
        ) as both_sides
        where respondent_key is not null
        group by period_end, team_id, respondent_key
    ) as compared
    group by period_end, team_id

),

news as (

    select
        coalesce(measured.period_end, logged_figures.period_end) as period_end,
        coalesce(measured.team_id, logged_figures.team_id) as team_id,
        coalesce(logged_figures.version, 0) + 1 as version,
        coalesce(measured.respondents, 0) as respondents,
        measured.engagement_score
    from measured
    full outer join logged_figures on measured.period_end = logged_figures.period_end and measured.team_id = logged_figures.team_id
    left join differences
        on
            coalesce(measured.period_end, logged_figures.period_end) = differences.period_end
            and coalesce(measured.team_id, logged_figures.team_id) = differences.team_id
    where
        (
            logged_figures.version is null
            or logged_figures.respondents < {{ anonymity_min_n() }}
            or {{ largest(['differences.new_keys', 'differences.gone_keys']) }} >= {{ anonymity_min_n() }}
        )
        and (
            coalesce(measured.respondents, 0) is distinct from logged_figures.respondents
            or measured.engagement_score is distinct from logged_figures.engagement_score
            or differences.new_keys + differences.gone_keys > 0
        )

)

{% else -%}

news as (select *, 1 as version from measured)

{% endif %}

select
    news.period_end,
    news.team_id,
    cast(news.version as {{ dbt.type_bigint() }}) as version,
    respondents.respondent_key,
    cast(news.respondents as {{ dbt.type_bigint() }}) as respondents,
    news.engagement_score
from news
left join respondents on news.period_end = respondents.period_end and news.team_id = respondents.team_id
