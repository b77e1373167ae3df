-- Grain: one row per key by which a record may name an answer: its own, or that of its session. Landed is enough.
select response_id as answer_key from {{ ref('int_survey__survey_responses_unioned') }} where response_id is not null
union distinct
select survey_response_id as answer_key from {{ ref('int_survey__survey_responses_unioned') }} where survey_response_id is not null
