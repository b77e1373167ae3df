{{ union_vendors('usage', 'usage_days') }}
