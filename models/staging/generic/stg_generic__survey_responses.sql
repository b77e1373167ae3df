{{ config(enabled=is_listed('survey', 'generic')) }}

{{ stage_contract('survey', 'survey_responses') }}
