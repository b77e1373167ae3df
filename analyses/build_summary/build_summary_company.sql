-- One row: how much there is, and the company's NPS at the last period that has one.
with

accounts as (

    select count(*) as account_count from {{ ref('dim_accounts') }}

),

responses as (

    select count(*) as response_count from {{ ref('fct_survey_responses') }}

),

company_periods as (

    select
        *,
        row_number() over (order by period_end desc) as periods_back
    from {{ ref('company_nps') }}
    where scope_type = 'company'

)

select
    accounts.account_count,
    responses.response_count,
    company_periods.period_end,
    company_periods.responses as nps_responses,
    company_periods.nps,
    company_periods.ci_low,
    company_periods.ci_high,
    company_periods.is_reportable
from accounts
cross join responses
left join company_periods on company_periods.periods_back = 1
