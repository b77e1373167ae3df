-- Claim: every landed row is either sound, set aside with a reason, or (answers to questions
-- that are no metric) counted as not scored. Nothing is lost between staging and the marts, but what employees answered in months in
-- which fewer than anonymity_min_n did: that is held back.
with responses as (

    select
        source_vendor,
        count(*) as landed,
        sum(case when is_scored and quarantine_reason is null and survey_family <> 'employee' then 1 else 0 end) as sound,
        sum(case when is_scored and quarantine_reason is null and survey_family = 'employee' then 1 else 0 end) as sound_of_employees,
        sum(case when quarantine_reason is not null then 1 else 0 end) as set_aside,
        sum(case when not is_scored then 1 else 0 end) as not_scored
    from {{ ref('int_survey__responses_checked') }}
    group by source_vendor

),

published as (

    select
        source_vendor,
        count(case when survey_family <> 'employee' then 1 end) as published,
        count(case when survey_family = 'employee' then 1 end) as published_of_employees
    from {{ ref('fct_survey_responses') }}
    group by source_vendor

),

quarantined as (

    select source_vendor, count(*) as quarantined
    from {{ ref('quarantined_records') }}
    where source_name = 'survey' and entity = 'responses'
    group by source_vendor

)

select
    responses.*,
    published.published,
    published.published_of_employees,
    quarantined.quarantined
from responses
left join published on responses.source_vendor = published.source_vendor
left join quarantined on responses.source_vendor = quarantined.source_vendor
where
    responses.landed <> responses.sound + responses.sound_of_employees + responses.set_aside + responses.not_scored
    or responses.sound <> coalesce(published.published, 0)
    or responses.sound_of_employees < coalesce(published.published_of_employees, 0)
    or responses.set_aside <> coalesce(quarantined.quarantined, 0)
