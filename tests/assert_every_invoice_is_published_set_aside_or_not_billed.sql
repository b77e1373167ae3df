-- Claim: a landed invoice is a row of fct_invoices, a quarantined row, or a draft or void one.
with invoices as (select * from {{ ref('int_billing__invoices_unioned') }}),

checked as (select * from {{ ref('int_billing__invoices_checked') }}),

published as (select * from {{ ref('fct_invoices') }}),

totals as (

    select
        (select count(*) from invoices) as landed,
        (select count(*) from published) as published,
        (
            select count(*)
            from checked
            where checked.quarantine_reason is not null or not checked.is_billed
        ) as set_aside

)

select *
from totals
where landed <> published + set_aside
