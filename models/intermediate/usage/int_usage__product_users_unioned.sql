{{ union_vendors('usage', 'product_users') }}
