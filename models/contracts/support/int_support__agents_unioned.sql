{{ union_vendors('support', 'agents') }}
