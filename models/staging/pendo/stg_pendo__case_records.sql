-- Pendo keeps no record of what became of an answer.
{{ config(enabled=is_listed('survey', 'pendo')) }}

{{ stage_nothing('survey', 'case_records') }}
