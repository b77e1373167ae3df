-- One row: how much there is, and the company's NPS at the last period that has one.
with

accounts as (

    select count(*) as accounts from {{ ref('dim_accounts') }}

),

responses as (

    select count(*) as responses from {{ ref('fct_survey_responses') }}

),

company_periods as (

    select * from {{ ref('company_nps') }}
    where scope_type = 'company'

),

last_period as (

    select * from company_periods
    where period_end = (select max(period_end) from company_periods)

)

select
    accounts.accounts,
    responses.responses,
    last_period.period_end,
    last_period.responses as nps_responses,
    last_period.nps,
    last_period.ci_low,
    last_period.ci_high,
    last_period.is_reportable
from accounts
cross join responses
left join last_period on 1 = 1
