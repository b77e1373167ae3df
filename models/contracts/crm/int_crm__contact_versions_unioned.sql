{{ union_vendors('crm', 'contact_versions') }}
