{{ union_vendors('support', 'ticket_sla_targets') }}
