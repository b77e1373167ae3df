{{ config(enabled=is_listed('employee', 'generic')) }}

{{ stage_contract('employee', 'employees') }}
