{{ config(enabled=is_listed('crm', 'generic')) }}

{{ stage_contract('crm', 'root_cause_analyses') }}
