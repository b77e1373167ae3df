{{ config(enabled=is_listed('survey', 'generic')) }}

{{ stage_contract('survey', 'case_records') }}
