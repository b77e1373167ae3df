{{ union_vendors('survey', 'survey_responses') }}
