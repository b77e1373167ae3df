with account_roles as (

    select
        *,
        sum(responses) over (partition by period_end, account_id) > 0
        and sum(case when contact_role = 'unknown' then 0 else responses end) over (partition by period_end, account_id) = 0
            as are_roles_unknown
    from {{ ref('account_role_nps') }}

),

-- where no voter's role is known nobody can be weighed: the votes are one role that has all the weight
role_nps as (

    select
        period_end,
        account_id,
        contact_role,
        are_roles_unknown,
        case
            when not are_roles_unknown then role_weight
            when contact_role = 'unknown' then 1.0
        end as role_weight,
        seniority,
        eligible_contacts,
        responses,
        promoters,
        passives,
        detractors,
        nps as role_nps,
        ci_low,
        ci_high,
        min(case when responses > 0 then seniority end) over (partition by period_end, account_id) as senior_voice
    from account_roles

),

account_schemes as (

    select distinct
        period_end,
        account_id,
        segment,
        region,
        weight_scheme
    from {{ ref('int_nps__account_schemes') }}

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
        max(case when seniority is not null then role_nps end)
        - min(case when seniority is not null then role_nps end) as role_spread,
        coalesce(
            max(case when seniority is not null then role_nps end) > 0
            and min(case when seniority is not null then role_nps end) < 0,
            false
        ) as has_role_conflict,
        {{ dbt.bool_or('are_roles_unknown') }} as are_roles_unknown
    from role_nps
    group by 1, 2

)

select
    weighed.period_end,
    weighed.account_id,
    account_schemes.segment,
    account_schemes.region,
    case when weighed.are_roles_unknown then 'pooled' else account_schemes.weight_scheme end as weight_scheme,
    coalesce(revenue.arr, accounts.arr) as arr,
    weighed.decision_maker_nps,
    weighed.manager_nps,
    weighed.user_nps,
    weighed.account_nps,
    {{ clip_nps('weighed.account_nps - weighed.distance_below') }} as ci_low,
    {{ clip_nps('weighed.account_nps + weighed.distance_above') }} as ci_high,
    case when weighed.are_roles_unknown then -100.0 else weighed.nps_low_bound end as nps_low_bound,
    case when weighed.are_roles_unknown then 100.0 else weighed.nps_high_bound end as nps_high_bound,
    case when not weighed.are_roles_unknown then weighed.role_weight_coverage end as role_weight_coverage,
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
        when weighed.are_roles_unknown then 'roles_unknown'
        when {{ coverage_is_enough('weighed.role_weight_coverage', 'min_role_weight_coverage') }} then 'reportable'
        else 'insufficient_signal'
    end as nps_status,
    case
        when weighed.are_roles_unknown then {{ is_reportable('weighed.responses') }}
        else {{ coverage_is_enough('weighed.role_weight_coverage', 'min_role_weight_coverage') }}
    end as is_reportable,
    case
        when weighed.responses = 0 and accounts.no_nps_form then 'not_surveyed'
        when weighed.responses = 0 then 'no_answers'
        when weighed.are_roles_unknown and not {{ is_reportable('weighed.responses') }} then 'roles_unknown'
        when weighed.are_roles_unknown then null
        when not {{ coverage_is_enough('weighed.role_weight_coverage', 'min_role_weight_coverage') }} then 'roles_silent'
    end as no_score_reason
from accounts_weighed as weighed
left join account_schemes
    on weighed.period_end = account_schemes.period_end and weighed.account_id = account_schemes.account_id
left join accounts on weighed.account_id = accounts.account_id
left join revenue on weighed.period_end = revenue.period_end and weighed.account_id = revenue.account_id
left join champions on weighed.period_end = champions.period_end and weighed.account_id = champions.account_id
