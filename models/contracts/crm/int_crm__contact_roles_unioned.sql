{{ union_vendors('crm', 'contact_roles') }}
