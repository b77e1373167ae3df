{{ union_vendors('crm', 'crm_users') }}
