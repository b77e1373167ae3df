{{ union_vendors('billing', 'billing_customers') }}
