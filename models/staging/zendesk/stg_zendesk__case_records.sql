-- A rating is followed up on its ticket; Zendesk keeps no record of that of its own.
{{ config(enabled=is_listed('survey', 'zendesk')) }}

{{ stage_nothing('survey', 'case_records') }}
