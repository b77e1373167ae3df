{{ union_vendors('employee', 'teams') }}
