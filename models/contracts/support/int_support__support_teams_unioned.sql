{{ union_vendors('support', 'support_teams') }}
