{{ union_vendors('billing', 'subscriptions') }}
