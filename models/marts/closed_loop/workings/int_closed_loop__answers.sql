-- Grain: one row per case: an answer of a customer that asks for a call back. An anonymous one opens a case too, but leads to
-- no account and nobody can be called for it.
{{ config(materialized='table') }}

select
    response_id as case_id,
    survey_response_id,
    survey_id,
    source_vendor,
    survey_family,
    metric,
    touchpoint,
    contact_key,
    is_anonymous,
    case when not is_anonymous then account_id end as account_id,
    case when not is_anonymous then segment end as segment,
    case when not is_anonymous then region end as region,
    team_id,
    raw_score,
    score_pomp,
    responded_at as opened_at,
    responded_date as opened_on
from {{ ref('int_survey__responses') }}
where is_low_score
