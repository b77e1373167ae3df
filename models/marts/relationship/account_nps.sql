with role_nps as (

    select
        *,
        nps as role_nps,
        min(case when responses > 0 then seniority end) over (partition by period_end, account_id) as senior_voice
    from {{ ref('account_role_nps') }}

),

account_schemes as (

    select distinct
        period_end,
        account_id,
        segment,
        region,
        weight_scheme
    from {{ ref('int_policy__account_schemes') }}

),

revenue as (

    select * from {{ ref('int_billing__account_revenue') }}

),

accounts as (

    select * from {{ ref('int_crm__accounts') }}

),

champions as (

    select
        periods.period_end,
        contacts.account_id,
        count(*) as champions_lost
    from {{ ref('int_crm__contacts') }} as contacts
    inner join {{ ref('int_periods') }} as periods
        on
            {{ reporting_date('contacts.left_at') }} <= periods.period_end
            and {{ reporting_date('contacts.left_at') }} > {{ add_days('periods.period_end', -1 * whole_number('nps_window_days')) }}
    where contacts.is_champion
    group by 1, 2

),

accounts_weighed as (

    select
        period_end,
        account_id,
        max(case when contact_role = 'decision_maker' then role_nps end) as decision_maker_nps,
        max(case when contact_role = 'manager' then role_nps end) as manager_nps,
        max(case when contact_role = 'user' then role_nps end) as user_nps,
        {{ role_weighted_mean('role_nps') }} as account_nps,
        {{ role_weighted_distance('ci_low') }} as distance_below,
        {{ role_weighted_distance('ci_high') }} as distance_above,
        {{ role_weighted_bound(-100) }} as nps_low_bound,
        {{ role_weighted_bound(100) }} as nps_high_bound,
        {{ as_double(role_weight_coverage()) }} as role_weight_coverage,
        {{ total('eligible_contacts') }} as eligible_contacts,
        {{ total('responses') }} as responses,
        {{ total("case when contact_role = 'unknown' then responses else 0 end") }} as unknown_role_responses,
        {{ nps('sum(promoters)', 'sum(detractors)', 'sum(responses)') }} as pooled_nps,
        {{ respondent_weighted_nps() }} as respondent_weighted_nps,
        max(case when seniority = senior_voice then role_nps end) as waterfall_nps,
        max(case when role_weight is not null then role_nps end)
        - min(case when role_weight is not null then role_nps end) as role_spread,
        coalesce(
            max(case when role_weight is not null then role_nps end) > 0
            and min(case when role_weight is not null then role_nps end) < 0,
            false
        ) as has_role_conflict
    from role_nps
    group by 1, 2

)

select
    weighed.period_end,
    weighed.account_id,
    account_schemes.segment,
    account_schemes.region,
    account_schemes.weight_scheme,
    coalesce(revenue.arr, accounts.arr) as arr,
    weighed.decision_maker_nps,
    weighed.manager_nps,
    weighed.user_nps,
    weighed.account_nps,
    {{ clip_nps('weighed.account_nps - weighed.distance_below') }} as ci_low,
    {{ clip_nps('weighed.account_nps + weighed.distance_above') }} as ci_high,
    weighed.nps_low_bound,
    weighed.nps_high_bound,
    weighed.role_weight_coverage,
    weighed.eligible_contacts,
    weighed.responses,
    weighed.unknown_role_responses,
    weighed.pooled_nps,
    weighed.respondent_weighted_nps,
    weighed.waterfall_nps,
    {{ signs_disagree(['weighed.account_nps', 'weighed.pooled_nps', 'weighed.respondent_weighted_nps', 'weighed.waterfall_nps']) }}
        as definitions_disagree_in_sign,
    weighed.role_spread,
    weighed.has_role_conflict,
    weighed.responses = 1 as is_single_threaded,
    champions.champions_lost is not null as champion_left,
    case
        when {{ coverage_is_enough('weighed.role_weight_coverage', 'min_role_weight_coverage') }} then 'reportable'
        else 'insufficient_signal'
    end as nps_status,
    {{ coverage_is_enough('weighed.role_weight_coverage', 'min_role_weight_coverage') }} as is_reportable
from accounts_weighed as weighed
left join account_schemes
    on weighed.period_end = account_schemes.period_end and weighed.account_id = account_schemes.account_id
left join accounts on weighed.account_id = accounts.account_id
left join revenue on weighed.period_end = revenue.period_end and weighed.account_id = revenue.account_id
left join champions on weighed.period_end = champions.period_end and weighed.account_id = champions.account_id
