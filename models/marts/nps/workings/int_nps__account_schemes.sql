-- Grain: one row per account, period end and role of its weight scheme. The scheme is the one
-- named as the account's segment of that day; where there is none, default.
with account_periods as (

    select * from {{ ref('int_crm__account_periods') }}

),

weight_schemes as (

    select * from {{ ref('int_policy__weight_schemes') }}

),

named_schemes as (

    select distinct
        weight_scheme,
        valid_from,
        valid_before
    from weight_schemes

),

chosen as (

    select
        account_periods.*,
        coalesce(named_schemes.weight_scheme, 'default') as weight_scheme
    from account_periods
    left join named_schemes
        on
            {{ fold_case('account_periods.segment') }} = {{ fold_case('named_schemes.weight_scheme') }}
            and {{ counts_on('named_schemes', 'account_periods.period_end') }}

)

select
    chosen.period_end,
    chosen.account_id,
    chosen.segment,
    chosen.region,
    chosen.existed,
    chosen.weight_scheme,
    weight_schemes.contact_role,
    weight_schemes.seniority,
    weight_schemes.role_weight
from chosen
inner join weight_schemes
    on
        chosen.weight_scheme = weight_schemes.weight_scheme
        and {{ counts_on('weight_schemes', 'chosen.period_end') }}
