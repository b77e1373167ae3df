-- Salesforce has no object for them: a custom object Root_Cause_Analysis__c, or any other by landed_aliases.
{{ config(enabled=is_listed('crm', 'salesforce')) }}
{%- set analysis = landed('salesforce', 'root_cause_analysis_c') %}

select
    {{ field(analysis, 'id', required=true) }} as analysis_id,
    {{ field(analysis, 'response_id_c') }} as response_ref,
    {{ field(analysis, ['account_c', 'account_id']) }} as account_ref,
    {{ field(analysis, 'department_c') }} as department,
    {{ field(analysis, 'root_cause_c') }} as root_cause,
    coalesce({{ field(analysis, 'opened_date_c', 'timestamp') }}, {{ field(analysis, 'created_date', 'timestamp') }}) as opened_at,
    {{ field(analysis, 'target_days_c', 'bigint') }} as target_days,
    {{ field(analysis, 'closed_date_c', 'timestamp') }} as closed_at,
    {{ field(analysis, 'fix_verified_c', 'boolean') }} as is_fix_verified,
    {{ loaded_at(analysis) }} as loaded_at,
    {{ parse_errors(analysis) }} as parse_errors
from {{ landed_from(analysis) }}
where
    {{ live_rows(analysis) }}
