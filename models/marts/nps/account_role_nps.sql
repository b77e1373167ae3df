with account_schemes as (

    select * from {{ ref('int_nps__account_schemes') }}

),

counts as (

    select
        period_end,
        account_id,
        contact_role,
        {{ total('eligible_contacts') }} as eligible_contacts,
        {{ total('eligible_respondents') }} as eligible_respondents,
        {{ total('asked_contacts') }} as asked_contacts,
        {{ total('asked_respondents') }} as asked_respondents,
        {{ total('responses') }} as responses,
        {{ total('promoters') }} as promoters,
        {{ total('passives') }} as passives,
        {{ total('detractors') }} as detractors
    from {{ ref('int_nps__counts') }}
    where account_id is not null and not is_anonymous
    group by 1, 2, 3

),

-- every role of the scheme, heard or not; a role outside it (unknown) where it has people
account_roles as (

    select
        coalesce(account_schemes.period_end, counts.period_end) as period_end,
        coalesce(account_schemes.account_id, counts.account_id) as account_id,
        coalesce(account_schemes.contact_role, counts.contact_role) as contact_role,
        account_schemes.existed,
        account_schemes.weight_scheme,
        account_schemes.seniority,
        account_schemes.role_weight,
        coalesce(counts.eligible_contacts, 0) as eligible_contacts,
        coalesce(counts.eligible_respondents, 0) as eligible_respondents,
        coalesce(counts.asked_contacts, 0) as asked_contacts,
        coalesce(counts.asked_respondents, 0) as asked_respondents,
        coalesce(counts.responses, 0) as responses,
        coalesce(counts.promoters, 0) as promoters,
        coalesce(counts.passives, 0) as passives,
        coalesce(counts.detractors, 0) as detractors
    from account_schemes
    full outer join counts
        on
            account_schemes.period_end = counts.period_end
            and account_schemes.account_id = counts.account_id
            and account_schemes.contact_role = counts.contact_role

),

-- an account's history begins with the account, or with its first people if the CRM is younger
histories as (

    select
        *,
        max(case when existed or eligible_contacts > 0 or asked_contacts > 0 or responses > 0 then 1 else 0 end) over (
            partition by period_end, account_id
        ) as is_in_history
    from account_roles

),

roles as (

    select
        histories.*,
        {{ nps_bound('histories.promoters', 'histories.detractors', 'histories.responses', 'score_intervals', -1) }} as low,
        {{ nps_bound('histories.promoters', 'histories.detractors', 'histories.responses', 'score_intervals', 1) }} as high
    from histories
    left join {{ ref('nps_score_intervals') }} as score_intervals
        on
            histories.detractors = score_intervals.detractors
            and histories.passives = score_intervals.passives
            and histories.promoters = score_intervals.promoters

)

select
    period_end,
    account_id,
    contact_role,
    {{ as_double('role_weight') }} as role_weight,
    cast(seniority as {{ dbt.type_bigint() }}) as seniority,
    eligible_contacts,
    responses,
    promoters,
    passives,
    detractors,
    {{ nps('promoters', 'detractors', 'responses') }} as nps,
    {{ clip_nps('low') }} as ci_low,
    {{ clip_nps('high') }} as ci_high,
    {{ share_of('eligible_respondents', 'eligible_contacts') }} as reach_rate,
    asked_contacts,
    {{ share_of('asked_respondents', 'asked_contacts') }} as response_rate
from roles
where is_in_history = 1 and (role_weight is not null or eligible_contacts > 0 or asked_contacts > 0 or responses > 0)
