{{ config(enabled=is_listed('support', 'generic')) }}

{{ stage_contract('support', 'support_teams') }}
