{{ union_vendors('survey', 'case_records') }}
