{{ union_vendors('usage', 'product_accounts') }}
