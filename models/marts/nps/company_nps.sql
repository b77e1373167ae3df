{%- set comparisons = {'month': '', 'quarter': '_quarter', 'year': '_year'} %}

with counts as (

    select * from {{ ref('int_nps__counts') }}

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

-- the interval as if all people were independent
scored as (

    select
        totals.*,
        {{ nps('totals.promoters', 'totals.detractors', 'totals.responses') }} as nps,
        case
            when totals.responses > 30 then {{ nps_adjusted('totals.promoters', 'totals.detractors', 'totals.responses') }}
            else {{ nps('totals.promoters', 'totals.detractors', 'totals.responses') }}
        end as interval_center,
        {{ nps_bound('totals.promoters', 'totals.detractors', 'totals.responses', 'score_intervals', -1) }} as independent_low,
        {{ nps_bound('totals.promoters', 'totals.detractors', 'totals.responses', 'score_intervals', 1) }} as independent_high,
        clusters.design_effect,
        case when clusters.design_effect > 1 then clusters.design_effect else 1.0 end as variance_factor,
        case
            when clusters.design_effect is null then 1.0
            else coalesce({{ as_double('t_quantiles.t_quantile') }} / {{ z_score() }}, 1.0)
        end as t_factor,
        -- everybody who could have answered, those who did without being asked included
        totals.eligible_contacts + totals.responses - totals.eligible_respondents as population
    from totals
    left join {{ ref('nps_score_intervals') }} as score_intervals
        on
            totals.detractors = score_intervals.detractors
            and totals.passives = score_intervals.passives
            and totals.promoters = score_intervals.promoters
    left join {{ ref('int_nps__clusters') }} as clusters
        on
            totals.period_end = clusters.counted_on
            and totals.scope_type = clusters.scope_type
            and totals.scope_value = clusters.scope_value
    left join {{ ref('t_quantiles') }} as t_quantiles on clusters.accounts = t_quantiles.accounts

),

widened as (

    select
        *,
        {{ twelve_decimals('interval_center - sqrt(variance_factor) * t_factor * (interval_center - independent_low)') }} as low,
        {{ twelve_decimals('interval_center + sqrt(variance_factor) * t_factor * (independent_high - interval_center)') }} as high
    from scored

)

select
    widened.period_end,
    widened.scope_type,
    widened.scope_value,
    widened.responses,
    widened.promoters,
    widened.passives,
    widened.detractors,
    widened.nps,
    {{ clip_nps('widened.low') }} as ci_low,
    {{ clip_nps('widened.high') }} as ci_high,
    (widened.high - widened.low) / 2 as margin_of_error,
    (widened.high - widened.low) / 2 * {{ finite_population_correction('widened.population', 'widened.responses') }}
        as margin_of_error_fpc,
    widened.design_effect,
    case when widened.responses > 0 then widened.responses / widened.variance_factor end as effective_responses,
    revenue_weighted.revenue_weighted_nps,
    {{ share_of('widened.anonymous_responses', 'widened.responses') }} as anonymous_share,
    widened.eligible_contacts,
    {{ share_of('widened.eligible_respondents', 'widened.eligible_contacts') }} as reach_rate,
    widened.asked_contacts,
    {{ share_of('widened.asked_respondents', 'widened.asked_contacts') }} as response_rate,
    {%- for comparison, suffix in comparisons.items() %}
    {{ comparison }}.nps_change as nps_change{{ suffix }},
    {{ comparison }}.change_z as change_z{{ suffix }},
    {{ comparison }}.is_significant as is_significant{{ suffix }},
    {{ comparison }}.is_significant_adjusted as is_significant_adjusted{{ suffix }},
    {%- endfor %}
    {{ is_reportable('widened.responses') }} as is_reportable
from widened
left join revenue_weighted
    on
        widened.period_end = revenue_weighted.period_end
        and widened.scope_type = revenue_weighted.scope_type
        and widened.scope_value = revenue_weighted.scope_value
{%- for comparison in comparisons %}
left join {{ ref('int_nps__changes') }} as {{ comparison }}
    on
        widened.period_end = {{ comparison }}.period_end
        and widened.scope_type = {{ comparison }}.scope_type
        and widened.scope_value = {{ comparison }}.scope_value
        and {{ comparison }}.comparison = '{{ comparison }}'
{%- endfor %}
