-- Claim: account_health_latest says of every account what account_health says on as_of_date.
{%- set columns = [
    'account_id', 'period_end', 'segment', 'owner_id', 'arr', 'scorecard_version', 'usage_score', 'voc_score', 'commercial_score',
    'service_score', 'health_score', 'health_band', 'reported_band', 'previous_band', 'health_score_change', 'is_band_entry',
    'answers_to_change_band', 'children_health_score',
] | join(', ') %}

with latest as (

    select {{ columns }} from {{ ref('account_health_latest') }}

),

last_of_history as (

    select {{ columns }}
    from {{ ref('account_health') }}
    where period_end = {{ as_of_date_sql() }}

),

only_latest as (

    select * from latest
    {{ dbt.except() }}
    select * from last_of_history

),

only_history as (

    select * from last_of_history
    {{ dbt.except() }}
    select * from latest

)

select * from only_latest
union all
select * from only_history
