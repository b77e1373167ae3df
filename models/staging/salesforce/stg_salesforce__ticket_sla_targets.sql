{{ config(enabled=is_listed('support', 'salesforce')) }}

{{ stage_nothing('support', 'ticket_sla_targets') }}
