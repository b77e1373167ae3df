{{ union_vendors('usage', 'features') }}
