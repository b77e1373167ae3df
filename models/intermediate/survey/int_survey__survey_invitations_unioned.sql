{{ union_vendors('survey', 'survey_invitations') }}
