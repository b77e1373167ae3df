-- Grain: the newest version of a visitor, every landed copy of it, and beside it those whose time cannot be read.
-- Deleted visitors stay: their use is history.
{{ config(enabled=is_listed('usage', 'pendo') or is_listed('survey', 'pendo')) }}
{%- set visitor = landed('pendo', 'visitor_history') %}
{%- set emails = ['metadata_email', 'metadata_agent_email', 'metadata_auto_email', 'email'] %}

with versions as (

    select
        {{ field(visitor, 'id', required=true) }} as product_user_id,
        {{ field(visitor, 'account_id') }} as product_account_id,
        {{ field(visitor, emails) }} as user_email,
        {{ field(visitor, 'last_updated_at', 'timestamp') }} as updated_at,
        {{ loaded_at(visitor) }} as loaded_at,
        {{ parse_errors(visitor) }} as parse_errors
    from {{ landed_from(visitor) }}
    where
        {{ live_rows(visitor, history=true, keep_deleted=true) }}

),

latest as (

    select
        *,
        rank() over (partition by product_user_id order by updated_at desc nulls last) as nth_latest
    from versions

)

select
    product_user_id,
    product_account_id,
    user_email,
    loaded_at,
    parse_errors
from latest
where nth_latest = 1 or product_user_id is null or (updated_at is null and parse_errors is not null)
