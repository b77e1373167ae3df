{{ union_vendors('support', 'ticket_events') }}
