{{ union_vendors('crm', 'activities') }}
