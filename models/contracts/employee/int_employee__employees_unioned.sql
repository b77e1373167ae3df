{{ union_vendors('employee', 'employees') }}
