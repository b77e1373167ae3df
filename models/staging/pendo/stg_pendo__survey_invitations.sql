-- Grain: one row per visitor, guide with a poll, and wave of it: whoever saw the guide was asked. Seen again before it was answered it is
-- the same question; seen again after that, it was asked anew. Who was meant to see it and did not never shows. A guide that nobody ever
-- answered is not known to ask anything.
{{ config(enabled=is_listed('survey', 'pendo')) }}
{%- set guide_event = landed('pendo', 'guide_event', in_demo=false) %}
{%- set times = ['timestamp', 'browser_timestamp', 'browser_time'] %}

with answers as (

    select * from {{ ref('stg_pendo__poll_answers') }} where is_rating

),

visitors as (

    select
        product_user_id,
        min(user_email) as user_email,
        min(product_account_id) as product_account_id
    from {{ ref('stg_pendo__product_users') }}
    group by product_user_id

),

accounts as (

    select
        product_account_id,
        min(account_ref) as account_ref
    from {{ ref('stg_pendo__product_accounts') }}
    group by product_account_id

),

moments as (

    select
        {{ field(guide_event, 'guide_id') }} as survey_id,
        {{ field(guide_event, 'visitor_id') }} as visitor_id,
        {{ field(guide_event, 'account_id') }} as product_account_id,
        cast(null as {{ sql_type('string') }}) as response_id,
        {{ field(guide_event, times, 'timestamp') }} as moment,
        {{ loaded_at(guide_event) }} as loaded_at
    from {{ landed_from(guide_event) }}
    where
        {{ live_rows(guide_event) }}
        and {{ fold_case(field(guide_event, 'type')) }} like '%guideseen'

    union all

    select
        survey_id,
        visitor_id,
        cast(null as {{ sql_type('string') }}) as product_account_id,
        response_id,
        responded_at as moment,
        cast(null as {{ sql_type('timestamp') }}) as loaded_at
    from answers
    where responded_at is not null

),

waves as (

    select
        *,
        coalesce(
            sum(case when response_id is not null then 1 else 0 end)
                over (
                    partition by survey_id, visitor_id
                    order by moment nulls first, case when response_id is null then 0 else 1 end, response_id
                    rows between unbounded preceding and 1 preceding
                ),
            0
        ) as wave
    from moments
    where survey_id in (select survey_id from answers)

),

asked as (

    select
        survey_id,
        visitor_id,
        wave,
        min(case when response_id is null then moment end) as sent_at,
        max(product_account_id) as product_account_id,
        min(case when response_id is not null then moment end) as responded_at,
        max(response_id) as response_ref,
        max(loaded_at) as loaded_at
    from waves
    group by survey_id, visitor_id, wave
    having count(case when response_id is null then 1 end) > 0

)

select
    coalesce(asked.survey_id, '') || '|' || coalesce(asked.visitor_id, '') || '|' || cast(asked.wave as {{ dbt.type_string() }})
        as invitation_id,
    asked.survey_id,
    cast(null as {{ sql_type('string') }}) as survey_family,
    cast(null as {{ sql_type('string') }}) as touchpoint,
    cast(null as {{ sql_type('string') }}) as crm_contact_ref,
    {{ pendo_known_visitor('asked.visitor_id') }} as external_contact_ref,
    case when {{ pendo_known_visitor('asked.visitor_id') }} is not null then visitors.user_email end as respondent_email,
    coalesce(accounts.account_ref, asked.product_account_id, visitors.product_account_id) as account_ref,
    asked.sent_at,
    true as is_delivered,
    asked.responded_at,
    asked.response_ref,
    cast(null as {{ sql_type('string') }}) as agent_ref,
    cast(null as {{ sql_type('string') }}) as team_ref,
    cast(null as {{ sql_type('string') }}) as ticket_ref,
    asked.loaded_at,
    cast(null as {{ sql_type('string') }}) as parse_errors
from asked
left join visitors on asked.visitor_id = visitors.product_user_id
left join accounts on coalesce(asked.product_account_id, visitors.product_account_id) = accounts.product_account_id
