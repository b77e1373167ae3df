{{ union_vendors('crm', 'root_cause_analyses') }}
