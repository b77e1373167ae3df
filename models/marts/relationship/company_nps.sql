with counts as (

    select * from {{ ref('int_survey__nps_counts') }}

),

scoped as (

    {{ in_scopes('counts', {'segment': 'segment', 'region': 'region', 'role': 'contact_role'}) }}

),

totals as (

    select
        period_end,
        scope_type,
        scope_value,
        {{ total('responses') }} as responses,
        {{ total('promoters') }} as promoters,
        {{ total('passives') }} as passives,
        {{ total('detractors') }} as detractors,
        {{ total('eligible_contacts') }} as eligible_contacts,
        {{ total('eligible_respondents') }} as eligible_respondents,
        {{ total('asked_contacts') }} as asked_contacts,
        {{ total('asked_respondents') }} as asked_respondents,
        {{ total('case when is_anonymous then responses else 0 end') }} as anonymous_responses
    from scoped
    group by 1, 2, 3

),

account_scores as (

    select period_end, 'company' as scope_type, 'all' as scope_value, arr, account_nps as nps
    from {{ ref('account_nps') }}
    union all
    select period_end, 'segment' as scope_type, segment as scope_value, arr, account_nps as nps
    from {{ ref('account_nps') }}
    union all
    select period_end, 'region' as scope_type, region as scope_value, arr, account_nps as nps
    from {{ ref('account_nps') }}
    union all
    select roles.period_end, 'role' as scope_type, roles.contact_role as scope_value, accounts.arr, roles.nps
    from {{ ref('account_role_nps') }} as roles
    inner join {{ ref('account_nps') }} as accounts
        on roles.period_end = accounts.period_end and roles.account_id = accounts.account_id

),

revenue_weighted as (

    select
        period_end,
        scope_type,
        scope_value,
        {{ revenue_weighted('arr', 'nps', '-100.0', '100.0') }} as revenue_weighted_nps
    from account_scores
    group by 1, 2, 3

),

scored as (

    select
        *,
        {{ nps('promoters', 'detractors', 'responses') }} as nps,
        {{ nps_adjusted('promoters', 'detractors', 'responses') }} as nps_adjusted,
        {{ nps_squared_error('promoters', 'detractors', 'responses') }} as squared_error,
        -- everybody who could have answered, those who did without being asked included
        eligible_contacts + responses - eligible_respondents as population
    from totals

),

compared as (

    select
        scored.*,
        scored.nps - previous.nps as nps_change,
        (scored.nps_adjusted - previous.nps_adjusted)
        / nullif(100.0 * sqrt(scored.squared_error + previous.squared_error), 0) as change_z
    from scored
    inner join {{ ref('int_periods') }} as periods on scored.period_end = periods.period_end
    left join scored as previous
        on
            periods.previous_period_end = previous.period_end
            and scored.scope_type = previous.scope_type
            and scored.scope_value = previous.scope_value

)

select
    compared.period_end,
    compared.scope_type,
    compared.scope_value,
    compared.responses,
    compared.promoters,
    compared.passives,
    compared.detractors,
    compared.nps,
    {{ clip('compared.nps_adjusted - ' ~ half_width('compared.squared_error'), '-100.0', '100.0') }} as ci_low,
    {{ clip('compared.nps_adjusted + ' ~ half_width('compared.squared_error'), '-100.0', '100.0') }} as ci_high,
    {{ half_width('compared.squared_error') }} as margin_of_error,
    {{ half_width('compared.squared_error') }} * {{ finite_population_correction('compared.population', 'compared.responses') }}
        as margin_of_error_fpc,
    revenue_weighted.revenue_weighted_nps,
    {{ share_of('compared.anonymous_responses', 'compared.responses') }} as anonymous_share,
    compared.eligible_contacts,
    {{ share_of('compared.eligible_respondents', 'compared.eligible_contacts') }} as reach_rate,
    compared.asked_contacts,
    {{ share_of('compared.asked_respondents', 'compared.asked_contacts') }} as response_rate,
    compared.nps_change,
    compared.change_z,
    abs(compared.change_z) >= {{ z_score() }} as is_significant,
    {{ is_reportable('compared.responses') }} as is_reportable
from compared
left join revenue_weighted
    on
        compared.period_end = revenue_weighted.period_end
        and compared.scope_type = revenue_weighted.scope_type
        and compared.scope_value = revenue_weighted.scope_value
