{{ union_vendors('billing', 'invoices') }}
