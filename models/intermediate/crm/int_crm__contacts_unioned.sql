{{ union_vendors('crm', 'contacts') }}
