{{ config(enabled=is_listed('support', 'generic')) }}

{{ stage_contract('support', 'ticket_sla_targets') }}
