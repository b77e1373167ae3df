{{ union_vendors('crm', 'opportunities') }}
