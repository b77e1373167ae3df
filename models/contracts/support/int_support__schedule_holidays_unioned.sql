{{ union_vendors('support', 'schedule_holidays') }}
