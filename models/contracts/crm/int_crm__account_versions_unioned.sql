{{ union_vendors('crm', 'account_versions') }}
