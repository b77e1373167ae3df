{{ config(enabled=is_listed('support', 'salesforce')) }}

{{ stage_nothing('support', 'support_teams') }}
