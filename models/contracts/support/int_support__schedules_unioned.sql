{{ union_vendors('support', 'schedules') }}
