-- Grain: one row per CRM account that a product account stands for. Where several product
-- accounts do, the most generous contract counts: modules of one product do not add up.
select
    account_id,
    max(case when modules_entitled >= 0 then modules_entitled end) as modules_entitled
from {{ ref('int_usage__product_accounts_checked') }}
where quarantine_reason is null
group by account_id
