{{ union_vendors('support', 'tickets') }}
