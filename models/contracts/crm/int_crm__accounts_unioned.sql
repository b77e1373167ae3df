{{ union_vendors('crm', 'accounts') }}
